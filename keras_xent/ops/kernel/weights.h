// The examples' weights. Their tensor can be smaller than the tensor of losses.
#ifndef KERAS_XENT_WEIGHTS_H_
#define KERAS_XENT_WEIGHTS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "shapes.h"

namespace keras_xent {

// True for a scalar, or if every dimension is 1 or equal.
inline bool IsBroadcastable(const Dims& weights, const Dims& losses) {
  if (weights.empty()) return true;
  if (weights.size() != losses.size()) return false;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] != 1 && weights[i] != losses[i]) return false;
  }
  return true;
}

template <typename F>
class Weights {
 public:
  Weights() = default;
  // One weight for all examples.
  explicit Weights(const F* weight) : data_(weight), count_(1), is_one_(true) {}
  // Weights of one shape, broadcast to the other.
  Weights(const F* data, const Dims& shape, const Dims& losses)
      : data_(data), count_(ElementCount(shape)), is_one_(count_ == 1) {
    if (is_one_) return;
    for (size_t i = 0; i < losses.size(); ++i) AddAxis(losses[i], shape[i] != losses[i]);
  }

  bool is_one() const { return is_one_; }
  F one() const { return data_[0]; }

  // All weights. Each one belongs to the same number of examples.
  const F* data() const { return data_; }
  int64_t count() const { return count_; }

  // One weight for each of the examples [begin, end): a pointer into the tensor, or to
  // `room` if weights have to be repeated.
  const F* Of(int64_t begin, int64_t end, F* room) const {
    if (axes_.empty() || (axes_.size() == 1 && !axes_[0].repeats)) return data_ + begin;
    std::vector<int64_t> index(axes_.size());
    int64_t offset = 0;
    for (size_t i = axes_.size(), left = static_cast<size_t>(begin); i-- > 0;) {
      const auto size = static_cast<size_t>(axes_[i].size);
      index[i] = static_cast<int64_t>(left % size);
      offset += index[i] * axes_[i].stride;
      left /= size;
    }
    const size_t last = axes_.size() - 1;
    F* to = room;
    F* const to_end = room + (end - begin);
    while (to < to_end) {
      const int64_t run = std::min<int64_t>(axes_[last].size - index[last], to_end - to);
      if (axes_[last].repeats) {
        std::fill(to, to + run, data_[offset]);
      } else {
        std::copy(data_ + offset, data_ + offset + run, to);
      }
      to += run;
      offset += run * axes_[last].stride;
      index[last] += run;
      for (size_t i = last; i > 0 && index[i] == axes_[i].size; --i) {
        offset += axes_[i - 1].stride - axes_[i].stride * axes_[i].size;
        index[i] = 0;
        ++index[i - 1];
      }
    }
    return room;
  }

 private:
  // Merges neighboring axes of the same kind.
  struct Axis {
    int64_t size, stride;
    bool repeats;
  };

  void AddAxis(int64_t size, bool repeats) {
    if (size == 1) return;
    if (!axes_.empty() && axes_.back().repeats == repeats) {
      axes_.back().size *= size;
    } else {
      axes_.push_back({size, 0, repeats});
    }
    int64_t stride = 1;
    for (size_t i = axes_.size(); i-- > 0;) {
      axes_[i].stride = axes_[i].repeats ? 0 : stride;
      if (!axes_[i].repeats) stride *= axes_[i].size;
    }
  }

  const F* data_ = nullptr;
  int64_t count_ = 0;
  bool is_one_ = false;
  std::vector<Axis> axes_;
};

}  // namespace keras_xent

#endif  // KERAS_XENT_WEIGHTS_H_
