// The parser's state and its transitions (Nivre 2004, 2009), without copies: a transition makes one or two nodes.
//
// Hypotheses of a sentence share the nodes that they have in common: a node never changes once it is made. So a
// transition costs the same in a sentence of any length, and a hypothesis is a few numbers.
#pragma once
#include <cstdint>
#include <vector>

#include "scores.h"

namespace arcparse {

constexpr int NONE = -1;    // no token, no label
constexpr int NOWHERE = 0;  // the node of no token: its children, and all below it, are itself

// A token on the stack or in the buffer, with the arcs that it has so far.
struct Node {
  int token = NONE;
  int label = NONE;  // of the arc to its head; a child's node has it, made when the arc is
  int children[4] = {};  // nodes: leftmost(1), leftmost(2), rightmost(1), rightmost(2); the outermost by distance
  int below = NOWHERE;  // the next node of the stack; for a word that SWAP put back, of the buffer
  int unused = 0;  // makes it half a line of memory
};

// The nodes of a sentence; those of its tokens without any arc come first, so that the buffer needs no room.
class Nodes {
 public:
  void start(int length) {
    length_ = length;
    nodes_.assign(size_t(length) + 2, Node{});
    for (int token = 0; token <= length; token++) nodes_[size_t(fresh(token))].token = token;
  }
  int length() const { return length_; }  // words of the sentence
  static int fresh(int token) { return token + 1; }
  const Node& operator[](int node) const { return nodes_[size_t(node)]; }
  const Node* data() const { return nodes_.data(); }
  int add(const Node& node) {
    nodes_.push_back(node);
    return int(nodes_.size()) - 1;
  }
  size_t bytes() const { return nodes_.capacity() * sizeof(Node); }

 private:
  int length_ = 0;
  std::vector<Node> nodes_;
};

struct Configuration {
  int top = Nodes::fresh(0);  // node of the stack's top
  int waiting = NOWHERE;      // node of the first word that SWAP put back; these words come first in the buffer
  int front = 1;              // the first token of the rest of the buffer
  int depth = 1;              // tokens on the stack

  bool buffer_is_empty(const Nodes& nodes) const { return waiting == NOWHERE && front > nodes.length(); }
  bool is_final(const Nodes& nodes) const { return depth == 1 && buffer_is_empty(nodes); }
};

enum class Transition : int { shift, swap, left_arc, right_arc };

// A transition system as data: the transition and the label of each action, and the actions that each case allows.
class System {
 public:
  // transition, label [actions]; allowed [CASES][actions]
  System(int actions, const int32_t* transition, const int32_t* label, const uint8_t* allowed)
      : width_(round_up(actions, lanes)), transition_(transition, transition + actions), label_(label, label + actions),
        legal_(size_t(CASES) * size_t(width_), 0) {
    for (int c = 0; c < CASES; c++)
      for (int a = 0; a < actions; a++) legal_[size_t(c * width_ + a)] = allowed[c * actions + a] ? -1 : 0;
  }

  Transition transition(int action) const { return Transition(transition_[size_t(action)]); }
  int label(int action) const { return label_[size_t(action)]; }

  // Return the scores of the actions that are legal.
  LegalScores legal(const float* score, const Configuration& c, const Nodes& nodes) const {
    return {score, legal_.data() + size_t(conditions(c, nodes) * width_), width_};
  }

  // Return the configuration after an action; the nodes that it needs are added.
  Configuration apply(Configuration c, int action, Nodes& nodes) const {
    switch (transition(action)) {
      case Transition::shift: shift(c, nodes); break;
      case Transition::swap: swap(c, nodes); break;
      case Transition::left_arc: {
        Node head = nodes[c.top], dependent = nodes[head.below];
        head.below = dependent.below;
        c.top = attach(head, dependent, label(action), nodes);
        c.depth--;
        break;
      }
      case Transition::right_arc: {
        Node dependent = nodes[c.top], head = nodes[dependent.below];
        c.top = attach(head, dependent, label(action), nodes);
        c.depth--;
        break;
      }
    }
    return c;
  }

 private:
  static constexpr int CASES = 16;

  // Return a number with a bit for each condition that holds: the buffer is not empty; two words are on the stack;
  // these stand in the order of the sentence; one word is on the stack and the buffer is empty.
  static int conditions(const Configuration& c, const Nodes& nodes) {
    const bool shift = !c.buffer_is_empty(nodes), words = c.depth > 2;
    const Node& top = nodes[c.top];
    const bool in_order = words && nodes[top.below].token < top.token;
    return shift | words << 1 | in_order << 2 | (c.depth == 2 && !shift) << 3;
  }

  static void shift(Configuration& c, Nodes& nodes) {
    Node word = nodes[c.waiting == NOWHERE ? Nodes::fresh(c.front) : c.waiting];
    if (c.waiting == NOWHERE) c.front++;
    else c.waiting = word.below;
    word.below = c.top;
    c.top = nodes.add(word);
    c.depth++;
  }

  static void swap(Configuration& c, Nodes& nodes) {
    Node top = nodes[c.top], word = nodes[top.below];
    top.below = word.below;
    word.below = c.waiting;
    c.waiting = nodes.add(word);
    c.top = nodes.add(top);
    c.depth--;
  }

  // Add the arc from `head` to `dependent`, in any order of attachment; return the head's new node.
  static int attach(Node& head, Node& dependent, int label, Nodes& nodes) {
    dependent.label = label;
    const bool is_right = dependent.token > head.token;
    int* child = head.children + 2 * is_right;
    auto inside = [&](int other) {  // whether the child `other` is nearer to the head than the dependent
      return other == NOWHERE || (nodes[other].token < dependent.token) == is_right;
    };
    const int added = nodes.add(dependent);
    if (inside(child[0])) {
      child[1] = child[0];
      child[0] = added;
    } else if (inside(child[1])) {
      child[1] = added;
    }
    return nodes.add(head);
  }

  int width_;  // of a row of masks, in whole registers
  std::vector<int32_t> transition_, label_;
  std::vector<int32_t> legal_;  // [CASES][width] -1 for a legal action, else 0
};

}  // namespace arcparse
