/** Tabs by the pattern of the ARIA Authoring Practices: one is in the order of the tab key, arrows go to the others. */

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };
const all = () => [...document.querySelectorAll("[role=tab]")];
const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

/** Return the name of the view of a tab. */
const view = (tab) => tab.id.replace("tab-", "");

export const names = () => all().map(view);

/** Let the reader choose; `chosen` is called with the name of the view. */
export function begin(chosen) {
  all().forEach((tab, number) => {
    tab.addEventListener("click", (event) => {
      chosen(view(tab));
      if (event.detail > 0) panel(tab).focus({ preventScroll: true }); // by the mouse: keys then act on the view
    });
    tab.addEventListener("keydown", (event) => {
      const to =
        { Home: 0, End: all().length - 1 }[event.key] ??
        (event.key in STEPS ? (number + STEPS[event.key] + all().length) % all().length : null);
      if (to === null) return;
      event.preventDefault();
      all()[to].focus();
      chosen(view(all()[to]));
    });
  });
}

/** Show one view and hide the others. */
export function select(name) {
  for (const tab of all()) {
    const isChosen = view(tab) === name;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    panel(tab).hidden = !isChosen;
  }
}
