// Reads a row of classes block by block. Each block of logits and labels is read twice
// while it is in the L1 cache. The first loop finds the largest logit and whether a label
// is not 0. The second computes the sums and keeps exp(x). Both loops are short for most
// blocks, which have only labels of 0 and don't have the largest logit.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_SWEEP_ROW_H_
#define KERAS_XENT_LOSSES_SOFTMAX_SWEEP_ROW_H_

#include <limits>

#include "losses/softmax/row.h"
#include "losses/softmax/sums.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// exps stay in range if logits are at most this much larger than the one that
// their scale was made for: exp(20) is far below the largest float.
constexpr double kHeadroom = 20;

// The number of blocks that go through the first loop together. They fit the L1 cache.
constexpr int kBlocksPerLook = 4;

template <typename F>
struct FirstLook {
  F max;
  bool has_labels;
};

template <typename Loss, typename T>
KERAS_XENT_INLINE FirstLook<Real<T>> LookAt(const Block<Loss, T>& block) {
  using F = Real<T>;
  constexpr int64_t kStep = kLanes<F>;
  const T* x = block.row.x;
  Vec<F> max[2] = {MinusInfinity<F>(), MinusInfinity<F>()};
  typename RowLabels<Loss, T>::Look labels(block.row.labels);
  auto look = [&](int64_t c, int i) {
    max[i] = Max<F>(max[i], Load(x + c));
    labels.At(c, i);
  };
  int64_t c = block.body;
  for (; c + 2 * kStep <= block.end; c += 2 * kStep) {
    look(c, 0);
    look(c + kStep, 1);
  }
  if (c < block.end) look(c, 0);
  block.AtEdges([&](int64_t e) { look(e, 0); }, [&](int64_t e, Integers<F>) { look(e, 1); });
  return {MaxOfLanes<F>(Max<F>(max[0], max[1])), labels.HasMass(block)};
}

// One sweep over a row. If kKeep is true, it keeps what the row's backprop needs. `g` is where
// the backprop will be written through the caches, otherwise null.
template <bool kSmoothed, bool kKeep, typename Loss, typename T>
class RowSweep {
 public:
  using F = Real<T>;

  KERAS_XENT_ALWAYS_INLINE RowSweep(const Row<Loss, T>& row, const KeptRow<F>& kept, const T* g)
      : row_(row),
        logits_(row.x),
        labels_(row.labels),
        exps_(kept.exps),
        notes_(kept.notes),
        g_(g) {}

  KERAS_XENT_ALWAYS_INLINE void Run() {
    for (int64_t begin = row_.head; begin < row_.body_end;) {
      FirstLook<F> found[kBlocksPerLook];
      int blocks = 0;
      F found_max = -kInfinity<F>;
      for (int64_t from = begin; from < row_.body_end && blocks < kBlocksPerLook; ++blocks) {
        const Block<Loss, T> block(row_, from);
        found[blocks] = LookAt(block);
        found_max = found[blocks].max > found_max ? found[blocks].max : found_max;
        from = block.end;
      }
      if (found_max > max_ || done_ == 0) RiseTo(found_max);
      for (int b = 0; b < blocks; ++b) {
        const Block<Loss, T> block(row_, begin);
        Add(block, found[b]);
        begin = block.end;
      }
    }
  }

  // Writes the row's sums into a lane.
  KERAS_XENT_ALWAYS_INLINE void Finish(int lane, Totals* totals, KeptRow<F>* kept) const {
    totals->max[lane] = max_;
    totals->rest[lane] = Total<F>(sums_.rest) + rest_;
    totals->maxima[lane] = sums_.Maxima();
    totals->d[lane] = Total<F>(sums_.d) + d_;
    label_sums_.Finish(labels_, logits_, lane, totals);
    kept->shift = exp_.shift()[0];
    kept->power = exp_.power()[0];
  }

 private:
  static constexpr int64_t kStep = kLanes<F>;
  static constexpr F kLowest = std::numeric_limits<F>::lowest();

  // Handles a new largest logit.
  KERAS_XENT_ALWAYS_INLINE void RiseTo(F found_max) {
    const F new_max = found_max > kLowest ? found_max : kLowest;
    if (!(new_max <= scaled_for_ + static_cast<F>(kHeadroom))) {
      const ScaledExp<F> old = exp_;
      exp_ = ScaledExp<F>::NearTo(Broadcast<F>(new_max));
      if (done_ > 0) {
        const double ratio =
            ScaleRatio<F>(old.shift()[0], old.power()[0], exp_.shift()[0], exp_.power()[0]);
        sums_.rest.Scale(ratio);
        rest_ *= ratio;
      }
      scaled_for_ = new_max;
    }
    if (done_ > 0) {
      // The previous largest logit belongs to the rest now.
      rest_ += sums_.Maxima() * exp_(Broadcast<F>(finite_max_))[0];
      const double rise = static_cast<double>(new_max) - static_cast<double>(finite_max_);
      label_sums_.Rise(rise);
      d_ -= rise * static_cast<double>(done_);
    }
    sums_.maxima = Integers<F>{};
    max_ = found_max;
    finite_max_ = new_max;
  }

  KERAS_XENT_ALWAYS_INLINE void Add(const Block<Loss, T>& block, const FirstLook<F>& found) {
    using V = Vec<F>;
    const V m = Broadcast<F>(finite_max_);
    auto keep = [&](int64_t c, const UnroundedExp<F>& e) __attribute__((always_inline)) {
      if (kKeep) Store(exps_ + c, e.Rounded());
    };
    if (found.max < max_ && !(RowLabels<Loss, T>::kAreSummed && found.has_labels)) {
      ForEachVector(block, [&](int64_t c) __attribute__((always_inline)) {
        const V x = Load(logits_ + c);
        const UnroundedExp<F> e = exp_.Unrounded(x);
        keep(c, e);
        sums_.AddBelow(e, x - m);
      });
    } else {
      ForEachVector(block, [&](int64_t c) __attribute__((always_inline)) {
        const V x = Load(logits_ + c);
        const UnroundedExp<F> e = exp_.Unrounded(x);
        keep(c, e);
        sums_.Add(e, x - m, x == m);
        label_sums_.Add(labels_, c, x - m);
      });
    }
    auto at_edge = [&](int64_t c, Integers<F> lanes) {
      const V x = Load(logits_ + c);
      const UnroundedExp<F> e = exp_.Unrounded(x);
      keep(c, e);
      const V difference = lanes ? x - m : V{};
      sums_.Add({lanes ? e.power_of_two : V{}, lanes ? e.beyond : V{}}, difference,
                (x == m) & lanes);
      label_sums_.Add(labels_, c, difference, lanes);
    };
    block.AtEdges([&](int64_t c) { at_edge(c, ~Integers<F>{}); }, at_edge);
    sums_.Flush();
    label_sums_.Flush();
    if (kKeep) *notes_++ = {exp_.shift()[0], exp_.power()[0], !found.has_labels};
    done_ += block.classes();
  }

  // Prefetches what the next loop reads and what will be written, while this block is
  // computed.
  template <typename AddVector>
  KERAS_XENT_ALWAYS_INLINE void ForEachVector(const Block<Loss, T>& block, AddVector add) {
    constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(T));
    // If no labels are read, the L1 cache has room for twice as much.
    constexpr int kLooks = RowLabels<Loss, T>::kAreSummed ? 1 : 2;
    constexpr int64_t kAhead = kLooks * kBlocksPerLook * kBlockClasses<F>;
    int64_t c = block.body;
    for (; c + kLine <= block.end; c += kLine) {
      __builtin_prefetch(logits_ + c + kAhead);
      labels_.Prefetch(c + kAhead);
      if (kKeep && g_) __builtin_prefetch(g_ + c, 1);
      for (int64_t v = c; v < c + kLine; v += kStep) add(v);
    }
    for (; c < block.end; c += kStep) add(c);
  }

  const Row<Loss, T>& row_;
  const T* const logits_;  // copies, which no store can change
  const RowLabels<Loss, T> labels_;
  F* const exps_;
  BlockNotes<F>* notes_;
  const T* const g_;

  ClassSums<kSmoothed, F> sums_;
  typename RowLabels<Loss, T>::Sums label_sums_;
  double rest_ = 0, d_ = 0;  // the part that is not in the lanes
  F max_ = -kInfinity<F>;
  F finite_max_ = kLowest;  // finite even if no logit is, so differences aren't NaN
  F scaled_for_ = -kInfinity<F>;
  ScaledExp<F> exp_;
  int64_t done_ = 0;
};

template <bool kSmoothed, bool kKeep, typename Loss, typename T>
void SweepRow(const Row<Loss, T>& row, int lane, Totals* totals, KeptRow<Real<T>>* kept,
              const T* g) {
  RowSweep<kSmoothed, kKeep, Loss, T> sweep(row, *kept, g);
  sweep.Run();
  sweep.Finish(lane, totals, kept);
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_SWEEP_ROW_H_
