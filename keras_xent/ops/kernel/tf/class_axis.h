// A tensor split at its class axis.
#ifndef KERAS_XENT_TF_CLASS_AXIS_H_
#define KERAS_XENT_TF_CLASS_AXIS_H_

#include <cstdint>
#include <string>

#include "shapes.h"
#include "tf/call.h"

namespace keras_xent {

// Where the examples and classes are in a tensor, and the shape of its losses.
struct Split {
  Extents extents;
  Dims losses;
};

inline Split SplitAtAxis(Call& call, const Dims& dims, int64_t axis, const std::string& name) {
  Split split;
  const auto rank = static_cast<int64_t>(dims.size());
  call.Require(rank >= 1, name + " must have rank 1 or more; the rank is 0");
  call.Require(-rank <= axis && axis < rank, "axis must be in [" + std::to_string(-rank) + ", " +
                                                 std::to_string(rank) + ") for " + name +
                                                 " of shape " + ToString(dims) + "; it is " +
                                                 std::to_string(axis));
  if (!call.ok()) return split;
  const int64_t class_axis = axis < 0 ? axis + rank : axis;
  for (int64_t i = 0; i < rank; ++i) {
    const int64_t dim = dims[static_cast<size_t>(i)];
    if (i == class_axis) {
      split.extents.classes = dim;
      continue;
    }
    (i < class_axis ? split.extents.outer : split.extents.inner) *= dim;
    split.losses.push_back(dim);
  }
  return split;
}

// Without a class axis, every element is an example.
inline Split SplitIntoElements(const Dims& dims) { return {{ElementCount(dims), 1, 1}, dims}; }

}  // namespace keras_xent

#endif  // KERAS_XENT_TF_CLASS_AXIS_H_
