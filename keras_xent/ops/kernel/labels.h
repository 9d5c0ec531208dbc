// The kinds of labels that a loss can have.
#ifndef KERAS_XENT_LABELS_H_
#define KERAS_XENT_LABELS_H_

#include <cstdint>

#include "base/convert.h"
#include "shapes.h"

namespace keras_xent {

// A label for every logit, of the logits' type.
template <typename T>
struct DenseLabels {
  const T* data;

  double At(const Extents& extents, int64_t example, int64_t c) const {
    return ToDouble(data[extents.First(example) + c * extents.inner]);
  }
};

// A class id for every example: int32 or int64. The other pointer is null.
struct ClassIds {
  const int32_t* narrow;
  const int64_t* wide;

  KERAS_XENT_ALWAYS_INLINE int64_t operator[](int64_t example) const {
    return narrow ? narrow[example] : wide[example];
  }
  double At(const Extents&, int64_t example, int64_t c) const {
    return (*this)[example] == c ? 1.0 : 0.0;
  }
};

}  // namespace keras_xent

#endif  // KERAS_XENT_LABELS_H_
