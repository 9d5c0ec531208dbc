// The kinds of labels that a loss may have.
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

}  // namespace keras_xent

#endif  // KERAS_XENT_LABELS_H_
