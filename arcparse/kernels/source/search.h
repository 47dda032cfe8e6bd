// The beam search of many sentences at once: in each step, one product scores the configurations of all of them.
//
// A sentence that ends makes room for the next one, so that sentences of any lengths fill the products.
#pragma once
#include <memory>

#include "beam.h"
#include "scorer.h"

namespace arcparse {

// A parser as data: its transition system, its features and its network. A search changes nothing of it.
struct Decoder {
  System system;
  Slots slots;
  FeatureTables tables;
  Layers layers;
};

// Sentences to be parsed: sentence i has the tokens [offset[i], offset[i + 1]), the root first.
struct Batch {
  int64_t sentences;
  const int64_t* offset;
  Block main, tags;
};

struct Settings {
  int beam;        // hypotheses
  float margin;    // of scores, by which a hypothesis may be worse than the best
  bool normalise;  // whether to compare hypotheses by log-probabilities, not by plain scores
  int together;    // configurations to score at once, about
};

// The results: head and label of each token, the score of each sentence's tree, and counts of the work.
struct Trees {
  int32_t *head, *label;
  float* score;
  int64_t* scored;  // configurations
  int64_t* bytes;   // of memory that grows with the sentences
};

class Search {
 public:
  Search(const Decoder& decoder, const Batch& batch, const Settings& settings, const Trees& trees)
      : decoder_(decoder), batch_(batch), settings_(settings), trees_(trees),
        places_(size_t(std::min<int64_t>(batch.sentences, std::max(1, settings.together / settings.beam)))),
        scorer_(decoder.slots, decoder.tables, decoder.layers, places_.size() * size_t(settings.beam)),
        candidates_(settings.beam, settings.margin) {}

  // Parse all sentences. Return false if a score is not a number.
  bool run() {
    for (size_t live = 0; live < places_.size() && fill(places_[live]); live++) live_ = live + 1;
    while (live_ > 0) {
      scorer_.clear();
      for (size_t i = 0; i < live_; i++) note(places_[i]);
      scorer_.run();
      *trees_.scored += scorer_.count();
      for (size_t i = 0; i < live_; i++)
        if (!advance(places_[i].beam)) return false;
      for (size_t i = live_; i-- > 0;)
        if (places_[i].beam.is_final()) replace(i);
    }
    return true;
  }

 private:
  struct Place {
    int64_t sentence = 0;
    Beam beam;
  };

  // Begin the next sentence that has words; return false if there is none.
  bool fill(Place& place) {
    while (next_ < batch_.sentences) {
      place.sentence = next_++;
      place.beam.start(int(batch_.offset[place.sentence + 1] - batch_.offset[place.sentence]) - 1);
      if (!place.beam.is_final()) return true;
      finish(place);
    }
    return false;
  }

  void finish(const Place& place) {
    const int64_t root = batch_.offset[place.sentence];
    place.beam.write(decoder_.system, trees_.head + root, trees_.label + root);
    trees_.score[place.sentence] = place.beam.score();
  }

  // Finish the sentence at a place, and begin the next one there.
  void replace(size_t i) {
    finish(places_[i]);
    if (fill(places_[i])) return;
    *trees_.bytes += int64_t(places_[i].beam.bytes());
    std::swap(places_[i], places_[--live_]);
  }

  // Let the scorer know the hypotheses that are not finished.
  void note(Place& place) {
    const int64_t root = batch_.offset[place.sentence];
    const Block main = batch_.main.from(root), tags = batch_.tags.from(root);
    const Nodes& nodes = place.beam.nodes();
    const int since = scorer_.count();
    for (Hypothesis& h : place.beam.hypotheses())
      h.row = h.configuration.is_final(nodes) ? NONE : scorer_.add(h.configuration, nodes, main, tags, since);
  }

  // Take the next step of a sentence; return false if there is none, because a score is not a number.
  bool advance(Beam& beam) {
    candidates_.clear();
    const std::vector<Hypothesis>& hypotheses = beam.hypotheses();
    for (int i = 0; i < int(hypotheses.size()); i++) {
      const Hypothesis& h = hypotheses[size_t(i)];
      if (h.row == NONE) {
        candidates_.offer({h.score, i, WAIT});
        continue;
      }
      const LegalScores scores = decoder_.system.legal(scorer_.scores(h.row), h.configuration, beam.nodes());
      candidates_.offer(i, h.score, scores, settings_.normalise ? scores.log_sum() : 0);
    }
    const std::vector<Candidate>& best = candidates_.best();
    beam.advance(decoder_.system, best);
    return !best.empty();
  }

  const Decoder& decoder_;
  const Batch& batch_;
  const Settings& settings_;
  const Trees& trees_;
  std::vector<Place> places_;
  size_t live_ = 0;  // places in use, the first ones
  int64_t next_ = 0;  // sentence to begin
  Scorer scorer_;
  Candidates candidates_;
};

}  // namespace arcparse
