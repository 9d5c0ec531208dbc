// For many contiguous classes: vectors along the classes of one example. After all blocks of a row
// have been read, its backprop is written from the kept values.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_ALONG_ROWS_H_
#define KERAS_XENT_LOSSES_SOFTMAX_ALONG_ROWS_H_

#include "base/scratch.h"
#include "losses/softmax/formula.h"
#include "losses/softmax/row.h"
#include "losses/softmax/sweep_row.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// Writes vectors of a block: whole cache lines past the caches if kStream.
template <bool kStream, typename Loss, typename T, typename At>
KERAS_XENT_INLINE void WriteBlock(const Block<Loss, T>& block, T* g, At at) {
  constexpr int64_t kStep = kLanes<Real<T>>;
  int64_t c = block.body;
  if (kStream) {
    constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(T));
    const int64_t lines_end = block.end - (block.end - block.body) % kLine;
    for (; c < lines_end; c += kStep) StoreStreaming(g + c, at(c));
  }
  for (; c < block.end; c += kStep) Store(g + c, at(c));
  auto at_edge = [&](int64_t e) { Store(g + e, at(e)); };
  block.AtEdges(at_edge, [&](int64_t e, Integers<Real<T>>) { at_edge(e); });
}

template <bool kStream, typename Loss, typename T>
void WriteRow(const Row<Loss, T>& row, const KeptRow<Real<T>>& kept,
              const Backprop<Real<T>>& of_row, Real<T> max, T* g) {
  using F = Real<T>;
  using V = Vec<F>;
  Backprop<F> backprop = of_row;
  const V dominant = OfDominant<F>(Broadcast<F>(max), backprop.others);
  // Copies, which no store can change.
  const F* const exps = kept.exps;
  const RowLabels<Loss, T> labels = row.labels;
  const BlockNotes<F>* notes = kept.notes;
  for (int64_t begin = row.head; begin < row.body_end; ++notes) {
    const Block<Loss, T> block(row, begin);
    if (notes->shift != kept.shift || notes->power != kept.power) {
      const double ratio = ScaleRatio<F>(notes->shift, notes->power, kept.shift, kept.power);
      backprop.inverse = of_row.inverse * static_cast<F>(ratio);
    } else {
      backprop.inverse = of_row.inverse;
    }
    if (notes->is_plain) {
      WriteBlock<kStream>(block, g,
                          [&](int64_t c) { return backprop.WithoutLabels(Load(exps + c)); });
    } else {
      WriteBlock<kStream>(block, g, [&](int64_t c) {
        return labels.BackpropAt(c, backprop, Load(exps + c), Load(row.x + c) == dominant);
      });
    }
    begin = block.end;
  }
}

// ---- rows without weight -----------------------------------------------------

template <typename F>
KERAS_XENT_INLINE Integers<F> BitsOfMagnitude(Vec<F> v) {
  return BitCast<Integers<F>>(v) & ~BitCast<Integers<F>>(-Vec<F>{});
}

// Whether all magnitudes are so far from overflow that the row's loss must be finite,
// with up to 2^25 classes. Then a weight of 0 makes the loss and its backprop 0.
// Otherwise they may be NaN, because 0 * inf is NaN.
template <typename Loss, typename T>
KERAS_XENT_INLINE bool HasFiniteLoss(const Row<Loss, T>& row) {
  using F = Real<T>;
  using Bits = Integers<F>;
  constexpr int64_t kStep = kLanes<F>;
  // As integers, the magnitudes are in the same order, with NaN above infinity.
  const Bits most_logit = BitCast<Bits>(Broadcast<F>(F(0x1p100)));
  const Bits most_label = BitCast<Bits>(Broadcast<F>(F(4)));
  Bits logits = {}, labels = {};
  auto look = [&](int64_t c) {
    const Bits x = BitsOfMagnitude<F>(Load(row.x + c));
    const Bits y = BitsOfMagnitude<F>(row.labels.At(c));
    logits = x > logits ? x : logits;
    labels = y > labels ? y : labels;
  };
  for (int64_t c = 0; c + kStep <= row.classes; c += kStep) look(c);
  look(row.classes - kStep);
  return !IsAnyBitSet((logits > most_logit) | (labels > most_label));
}

template <bool kStream, typename Loss, typename T>
void WriteZeros(const Row<Loss, T>& row, T* g) {
  for (int64_t begin = row.head; begin < row.body_end;) {
    const Block<Loss, T> block(row, begin);
    WriteBlock<kStream>(block, g, [](int64_t) { return Vec<Real<T>>{}; });
    begin = block.end;
  }
}

// ---- memory of rows ------------------------------------------------------------

// Memory for the values that a few rows keep for their backprop.
template <typename T>
class KeptRows {
 public:
  using F = Real<T>;

  KeptRows(int64_t classes, int rows)
      : exps_stride_((classes + 2 * kLine - 1) / kLine * kLine),
        notes_stride_(classes / kBlockClasses<F> + 2),
        scratch_(rows * (exps_stride_ * static_cast<int64_t>(sizeof(F)) +
                         notes_stride_ * static_cast<int64_t>(sizeof(BlockNotes<F>)))),
        exps_(static_cast<F*>(scratch_.get())),
        notes_(reinterpret_cast<BlockNotes<F>*>(exps_ + rows * exps_stride_)) {}

  // Whole vectors of its exps are aligned, like those of its backprop.
  template <typename Loss>
  KeptRow<F> Of(int r, const Row<Loss, T>& row) const {
    F* exps = exps_ + r * exps_stride_ + (kLine - row.head % kLine);
    return {exps, notes_ + r * notes_stride_, F(), F()};
  }

 private:
  static constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(F));

  const int64_t exps_stride_, notes_stride_;
  const Scratch scratch_;
  F* const exps_;
  BlockNotes<F>* const notes_;
};

// ---- all rows ----------------------------------------------------------------

// Rows of up to this many classes are processed in groups, which share the last step's
// vectors.
constexpr int64_t kMostGroupClasses = 2048;

template <typename Loss, typename T>
class AlongRows {
 public:
  AlongRows(const Task<Loss, T>& task, const Piece<Real<T>>& piece)
      : task_(task),
        piece_(piece),
        stream_(task.stream && task.is_huge),
        group_(task.extents.classes <= kMostGroupClasses ? kMostRows : 1),
        smoothing_(task.label_smoothing, task.extents.classes),
        kept_(task.extents.classes, task.backprop ? group_ : 0) {}

  void Run() {
    for (int64_t p = piece_.begin; p < piece_.end; p += group_) {
      const int64_t left = piece_.end - p;
      RunGroup(p, static_cast<int>(left < group_ ? left : group_));
    }
  }

 private:
  using F = Real<T>;
  using Sweep = void (*)(const Row<Loss, T>&, int, Totals*, KeptRow<F>*, const T*);
  static constexpr int kMostRows = kLanes<double>;

  void RunGroup(int64_t first, int count) {
    Totals totals = {};
    DoubleVec shift = {}, power = {};
    KeptRow<F> kept[kMostRows] = {};
    bool is_zero[kMostRows];
    for (int r = 0; r < count; ++r) {
      const Row<Loss, T> row(task_, first + r);
      is_zero[r] = IsWithoutWeight(task_, piece_, first + r - piece_.begin) && HasFiniteLoss(row);
      if (is_zero[r]) continue;
      if (task_.backprop) kept[r] = kept_.Of(r, row);
      SweepFunction()(row, r, &totals, &kept[r], stream_ ? nullptr : BackpropOf(first + r));
      shift[r] = kept[r].shift;
      power[r] = kept[r].power;
    }
    totals.exp_of_max = ExpOfMax(totals.max, shift, power);
    const Results results = Finish<F>(smoothing_, totals);
    for (int r = 0; r < count; ++r) {
      const int64_t i = first + r - piece_.begin;
      if (piece_.losses) piece_.losses[i] = is_zero[r] ? 0.0 : results.loss[r];
      if (!task_.backprop) continue;
      const Row<Loss, T> row(task_, first + r);
      T* g = BackpropOf(first + r);
      if (is_zero[r]) {
        (stream_ ? &WriteZeros<true, Loss, T> : &WriteZeros<false, Loss, T>)(row, g);
        continue;
      }
      Backprop<F> backprop(smoothing_);
      backprop.inverse = Broadcast<F>(static_cast<F>(results.inverse[r]));
      backprop.others = Broadcast<F>(static_cast<F>(results.others[r]));
      backprop.coefficient = Broadcast<F>(CoefficientAt(task_, piece_, i));
      auto* write = stream_ ? &WriteRow<true, Loss, T> : &WriteRow<false, Loss, T>;
      write(row, kept[r], backprop, static_cast<F>(totals.max[r]), g);
    }
  }

  Sweep SweepFunction() const {
    const bool is_smoothed = smoothing_.off != 0;
    if (task_.backprop) {
      return is_smoothed ? &SweepRow<true, true, Loss, T> : &SweepRow<false, true, Loss, T>;
    }
    return is_smoothed ? &SweepRow<true, false, Loss, T> : &SweepRow<false, false, Loss, T>;
  }

  T* BackpropOf(int64_t example) const {
    return task_.backprop ? task_.backprop + example * task_.extents.classes : nullptr;
  }

  const Task<Loss, T>& task_;
  const Piece<F>& piece_;
  const bool stream_;
  const int group_;
  const Smoothing smoothing_;
  const KeptRows<T> kept_;
};

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_ALONG_ROWS_H_
