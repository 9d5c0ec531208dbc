// Shapes of tensors, and where a loss's examples and classes are in them.
#ifndef KERAS_XENT_SHAPES_H_
#define KERAS_XENT_SHAPES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/numbers.h"

namespace keras_xent {

using Dims = std::vector<int64_t>;

inline int64_t ElementCount(const Dims& dims) {
  int64_t count = 1;
  for (int64_t dim : dims) count *= dim;
  return count;
}

inline std::string ToString(const Dims& dims) {
  std::string text = "[";
  for (int64_t dim : dims) {
    if (text.size() > 1) text += ",";
    text += std::to_string(dim);
  }
  return text + "]";
}

// The index of an element.
inline Dims IndexOf(int64_t element, const Dims& dims) {
  Dims index = dims;
  for (size_t i = dims.size(); i-- > 0;) {
    index[i] = element % dims[i];
    element /= dims[i];
  }
  return index;
}

// Logits as (outer, classes, inner). An example is a pair (outer, inner), and its number is outer *
// inner_size + inner. If every element is an example, there is one class.
struct Extents {
  int64_t outer = 1;
  int64_t classes = 1;
  int64_t inner = 1;

  KERAS_XENT_ALWAYS_INLINE int64_t examples() const { return outer * inner; }
  KERAS_XENT_ALWAYS_INLINE int64_t elements() const { return examples() * classes; }
  // The element of an example's first class; the others are `inner` apart.
  KERAS_XENT_ALWAYS_INLINE int64_t First(int64_t example) const {
    return example / inner * classes * inner + example % inner;
  }
};

}  // namespace keras_xent

#endif  // KERAS_XENT_SHAPES_H_
