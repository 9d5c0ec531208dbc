// Splits a row of many contiguous classes into blocks.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_ROW_H_
#define KERAS_XENT_LOSSES_SOFTMAX_ROW_H_

#include <cstdint>

#include "base/sums.h"
#include "base/vec.h"
#include "task.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// The labels of a row, for its loops. Each loss defines its own.
template <typename Loss, typename T>
class RowLabels;

template <typename F>
constexpr int64_t kBlockClasses = kLanes<F> * kVectorsPerFlush;

// One row of classes. If the tensors are large, it is split where cache lines of
// backprop begin, so whole lines can be written past the caches: [0, head) is
// before the first line. [head, body_end) is whole vectors, and the rest is less
// than a vector. A partial vector overlaps its neighbor.
template <typename Loss, typename T>
struct Row {
  const T* x;
  RowLabels<Loss, T> labels;
  int64_t classes, head, body_end;

  Row(const Task<Loss, T>& task, int64_t example)
      : x(task.logits + example * task.extents.classes),
        labels(task.labels, task.extents.classes, example),
        classes(task.extents.classes) {
    constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(T));
    const int64_t offset = example * classes;
    head = task.is_large ? (kLine - offset % kLine) % kLine : 0;
    body_end = classes - (classes - head) % kLanes<Real<T>>;
  }
};

// A block: the whole vectors in [body, end). It includes the row's head if body is
// the head, and the row's tail if end is body_end.
template <typename Loss, typename T>
struct Block {
  using F = Real<T>;
  static constexpr int64_t kStep = kLanes<F>;
  const Row<Loss, T>& row;
  int64_t body, end;

  KERAS_XENT_ALWAYS_INLINE Block(const Row<Loss, T>& of, int64_t begin) : row(of), body(begin) {
    end = body + kBlockClasses<F> < row.body_end ? body + kBlockClasses<F> : row.body_end;
  }
  int64_t first_class() const { return body == row.head ? 0 : body; }
  int64_t classes_end() const { return end == row.body_end ? row.classes : end; }
  int64_t classes() const { return classes_end() - first_class(); }

  // Calls whole(c) for whole vectors, and part(c, lanes) for vectors that share
  // some lanes with a neighbor.
  template <typename Whole, typename Part>
  KERAS_XENT_ALWAYS_INLINE void AtEdges(Whole whole, Part part) const {
    if (body == row.head && row.head > 0) {
      int64_t c = 0;
      for (; c + kStep <= row.head; c += kStep) whole(c);
      const int64_t left = row.head - c;
      if (left > 0) {
        const int64_t from = c < kStep - left ? 0 : row.head - kStep;
        part(from, LanesBetween<F>(c - from, row.head - from));
      }
    }
    if (end == row.body_end && end < row.classes) {
      const int64_t from = row.classes - kStep;
      part(from, LanesBetween<F>(end - from, kStep));
    }
  }
};

// What a row keeps for its backprop: exp(x) of every class, ...
template <typename F>
struct BlockNotes {
  F shift, power;  // ... the scale of a block's exps, ...
  bool is_plain;   // ... whether it has no label mass, ...
};
template <typename F>
struct KeptRow {
  F* exps;
  BlockNotes<F>* notes;
  F shift, power;  // ... and the scale of the row's sums.
};

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_ROW_H_
