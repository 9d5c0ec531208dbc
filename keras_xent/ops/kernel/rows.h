// Loss and backprop of softmax cross entropy, position by position.
#ifndef KERAS_XENT_ROWS_H_
#define KERAS_XENT_ROWS_H_

#include "across_rows.h"
#include "along_rows.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

template <typename T>
void Rows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses, void* scratch) {
  if (task.classes == 0) {
    if (losses) std::memset(losses, 0, sizeof(double) * static_cast<size_t>(end - begin));
  } else if (task.inner != 1) {
    AcrossRows<T>(task, scratch).Columns(begin, end, losses);
  } else if (task.classes <= kMostTileClasses) {
    AcrossRows<T>(task, scratch).Rows(begin, end, losses);
  } else {
    AlongRows(task, begin, end, losses, scratch);
  }
  if (task.stream) StreamFence();
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_ROWS_H_
