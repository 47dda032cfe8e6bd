// The tokens that the features of a configuration look at.
#pragma once
#include <cstdint>
#include <vector>

#include "states.h"

namespace arcparse {

// Slots are places where a token may be: `stack` from the top of the stack, then `buffer` from the front of the
// buffer, then children, each of an earlier slot.
class Slots {
 public:
  // parent, relation [children]; a relation is an index of Node::children
  Slots(int stack, int buffer, int children, const int32_t* parent, const int32_t* relation)
      : stack_(stack), buffer_(buffer), parent_(parent, parent + children), relation_(relation, relation + children) {}

  int size() const { return stack_ + buffer_ + int(parent_.size()); }

  // Write the node of each slot, NOWHERE for no token.
  void locate(const Configuration& c, const Nodes& nodes, int32_t* node) const {
    const Node* own = nodes.data();
    for (int i = 0, next = c.top; i < stack_; i++, next = own[next].below) *node++ = next;
    int next = c.waiting, place = c.front;
    for (int i = 0; i < buffer_; i++) {
      if (next != NOWHERE) {
        *node++ = next;
        next = own[next].below;
      } else {
        *node++ = place <= nodes.length() ? Nodes::fresh(place) : NOWHERE;
        place++;
      }
    }
    const int32_t* first = node - stack_ - buffer_;
    for (size_t i = 0; i < parent_.size(); i++) *node++ = own[first[parent_[i]]].children[relation_[i]];
  }

 private:
  int stack_, buffer_;
  std::vector<int32_t> parent_, relation_;
};

}  // namespace arcparse
