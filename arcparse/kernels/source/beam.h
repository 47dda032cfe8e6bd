// The beam of one sentence: its best hypotheses, and the steps that led to them (Zhang & Clark 2008).
#pragma once
#include <algorithm>
#include <limits>
#include <new>

#include "scores.h"
#include "states.h"

namespace arcparse {

constexpr int WAIT = -1;  // the action of a finished hypothesis

// One past step: an action and the step before it. Hypotheses with a common beginning share its links.
struct Link {
  int32_t action, previous;
};

struct Hypothesis {
  Configuration configuration;
  float score = 0;
  int32_t link = NONE;
  int row = NONE;  // of its scores, in this step
};

// An action of a hypothesis in the beam, and the score of the derivation that it makes.
struct Candidate {
  float score;
  int hypothesis, action;

  bool operator<(const Candidate& other) const {  // the better one comes first, then the earlier one
    if (score != other.score) return score > other.score;
    return hypothesis != other.hypothesis ? hypothesis < other.hypothesis : action < other.action;
  }
};

// Keeps the best `size` candidates, of those that are at most `margin` worse than the best.
class Candidates {
 public:
  Candidates(int size, float margin) : size_(size_t(size)), margin_(margin) {}

  void clear() {
    candidates_.clear();
    cut_ = -std::numeric_limits<float>::max();
    is_number_ = true;
  }

  void offer(const Candidate& candidate) {
    if (candidate.score < cut_) return;
    if (std::isnan(candidate.score)) {
      is_number_ = false;
      return;
    }
    candidates_.push_back(candidate);
    cut_ = std::max(cut_, candidate.score - margin_);
    if (candidates_.size() >= 4 * size_) keep_best();
  }

  // Offer the legal actions of a hypothesis. `normaliser` is taken from the scores of actions.
  void offer(int hypothesis, float score, const LegalScores& scores, float normaliser) {
    if (size_ == 1) {
      const LegalScores::Best best = scores.best();
      return offer({(best.score - normaliser) + score, hypothesis, best.action});
    }
    for (int a = 0; a < scores.width(); a += lanes) {
      const Floats sum = (scores.at(a) - normaliser) + score;
      for (unsigned good = bits(~(sum < cut_)); good; good &= good - 1) {  // NaN is not below
        const int lane = __builtin_ctz(good);
        offer({sum[lane], hypothesis, a + lane});
      }
    }
  }

  // Return the candidates kept, the best first; none if a score is not a number.
  const std::vector<Candidate>& best() {
    std::sort(candidates_.begin(), candidates_.end());
    if (candidates_.size() > size_) candidates_.resize(size_);
    while (!candidates_.empty() && candidates_.back().score < candidates_.front().score - margin_)
      candidates_.pop_back();
    if (!is_number_ || (!candidates_.empty() && !std::isfinite(candidates_.front().score))) candidates_.clear();
    return candidates_;
  }

 private:
  void keep_best() {
    std::nth_element(candidates_.begin(), candidates_.begin() + std::ptrdiff_t(size_) - 1, candidates_.end());
    candidates_.resize(size_);
    cut_ = std::max(cut_, candidates_.back().score);
  }

  size_t size_;
  float margin_, cut_ = 0;
  bool is_number_ = true;
  std::vector<Candidate> candidates_;
};

class Beam {
 public:
  // Begin with a sentence of `length` words.
  void start(int length) {
    nodes_.start(length);
    links_.clear();
    hypotheses_.assign(1, Hypothesis{});
  }

  std::vector<Hypothesis>& hypotheses() { return hypotheses_; }
  const Nodes& nodes() const { return nodes_; }
  float score() const { return hypotheses_.front().score; }
  size_t bytes() const { return nodes_.bytes() + links_.capacity() * sizeof(Link); }

  bool is_final() const {
    return std::all_of(hypotheses_.begin(), hypotheses_.end(),
                       [&](const Hypothesis& h) { return h.configuration.is_final(nodes_); });
  }

  // Continue with these candidates, the best first.
  void advance(const System& system, const std::vector<Candidate>& candidates) {
    if (links_.size() + candidates.size() > INT32_MAX) throw std::bad_alloc();
    next_.clear();
    for (const Candidate& candidate : candidates) {
      Hypothesis h = hypotheses_[size_t(candidate.hypothesis)];
      h.score = candidate.score;
      if (candidate.action != WAIT) {
        h.configuration = system.apply(h.configuration, candidate.action, nodes_);
        links_.push_back({candidate.action, h.link});
        h.link = int32_t(links_.size()) - 1;
      }
      next_.push_back(h);
    }
    hypotheses_.swap(next_);
  }

  // Write the tree of the best hypothesis: head and label of each token, the root's NONE.
  void write(const System& system, int32_t* head, int32_t* label) const {
    std::vector<int32_t> actions, stack{0}, waiting;
    for (int32_t link = hypotheses_.front().link; link != NONE; link = links_[size_t(link)].previous)
      actions.push_back(links_[size_t(link)].action);
    head[0] = label[0] = NONE;
    int32_t front = 1;
    for (auto action = actions.rbegin(); action != actions.rend(); ++action) {
      const Transition transition = system.transition(*action);
      if (transition == Transition::shift) {
        stack.push_back(waiting.empty() ? front++ : waiting.back());
        if (!waiting.empty()) waiting.pop_back();
        continue;
      }
      const int32_t top = stack.back(), below = stack[stack.size() - 2];
      stack.pop_back();
      if (transition == Transition::right_arc) {
        head[top] = below;
        label[top] = system.label(*action);
      } else {
        stack.back() = top;
        if (transition == Transition::swap) waiting.push_back(below);
        else head[below] = top, label[below] = system.label(*action);
      }
    }
  }

 private:
  Nodes nodes_;
  std::vector<Link> links_;
  std::vector<Hypothesis> hypotheses_, next_;
};

}  // namespace arcparse
