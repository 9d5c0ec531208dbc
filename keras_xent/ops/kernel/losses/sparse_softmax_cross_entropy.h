// Softmax cross entropy with a class id for every example.
#ifndef KERAS_XENT_LOSSES_SPARSE_SOFTMAX_CROSS_ENTROPY_H_
#define KERAS_XENT_LOSSES_SPARSE_SOFTMAX_CROSS_ENTROPY_H_

#include <cstdint>

#include "labels.h"
#include "losses/softmax/by_labels.h"
#include "task.h"
#ifdef KERAS_XENT_ISA
#include "losses/softmax/rows.h"
#endif

namespace keras_xent {

// SoftmaxCrossEntropy for labels that are 1 for one class of each example and 0 for the
// others. All ids are in range.
struct SparseSoftmaxCrossEntropy {
  static constexpr char kName[] = "SparseSoftmaxCrossEntropy";
  template <typename T>
  using Labels = ClassIds;
  static constexpr bool kHasClassAxis = true;

  template <typename T>
  static double ByLabels(const Examples<SparseSoftmaxCrossEntropy, T>& examples, int64_t example) {
    return SoftmaxByLabels(examples, example);
  }
};

#ifdef KERAS_XENT_ISA
namespace KERAS_XENT_ISA {

// One block of a row has the label. The sums over the labels need no loop: they are 1 and the d of
// the label's logit (see sums.h).
template <typename T>
class RowLabels<SparseSoftmaxCrossEntropy, T> {
 public:
  using F = Real<T>;
  using V = Vec<F>;
  static constexpr bool kAreSummed = false;

  KERAS_XENT_ALWAYS_INLINE RowLabels(const ClassIds& ids, int64_t, int64_t example)
      : id_(ids[example]) {}

  KERAS_XENT_ALWAYS_INLINE V At(int64_t c) const { return IsLabel(c) ? Broadcast<F>(F(1)) : V{}; }
  KERAS_XENT_ALWAYS_INLINE void Prefetch(int64_t) const {}

  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE V BackpropAt(int64_t c, const Backprop<F>& backprop, V exp,
                                        Mask is_dominant) const {
    return backprop.AtClass(exp, IsLabel(c), is_dominant);
  }

  class Look {
   public:
    KERAS_XENT_ALWAYS_INLINE explicit Look(const RowLabels& labels) : id_(labels.id_) {}
    KERAS_XENT_ALWAYS_INLINE void At(int64_t, int) {}
    KERAS_XENT_ALWAYS_INLINE bool HasMass(const Block<SparseSoftmaxCrossEntropy, T>& block) const {
      return block.first_class() <= id_ && id_ < block.classes_end();
    }

   private:
    const int64_t id_;
  };

  class Sums {
   public:
    KERAS_XENT_ALWAYS_INLINE void Add(const RowLabels&, int64_t, V) {}
    KERAS_XENT_ALWAYS_INLINE void Add(const RowLabels&, int64_t, V, Integers<F>) {}
    KERAS_XENT_ALWAYS_INLINE void Flush() {}
    KERAS_XENT_ALWAYS_INLINE void Rise(double) {}
    KERAS_XENT_ALWAYS_INLINE void Finish(const RowLabels& labels, const T* logits, int lane,
                                         Totals* totals) const {
      totals->y[lane] = 1;
      totals->yd[lane] = static_cast<double>(LoadOne(logits + labels.id_)) - totals->max[lane];
    }
  };

 private:
  KERAS_XENT_ALWAYS_INLINE Integers<F> IsLabel(int64_t c) const {
    return LanesBetween<F>(id_ - c, id_ - c + 1);
  }

  const int64_t id_;
};

// One id per lane.
template <typename T>
class TileLabels<SparseSoftmaxCrossEntropy, T> {
 public:
  using F = Real<T>;
  using V = Vec<F>;
  static constexpr bool kAreStored = false;

  TileLabels() = default;
  KERAS_XENT_ALWAYS_INLINE TileLabels(const ClassIds& ids, int64_t example, int lanes, const F*)
      : logit_(V{}) {
    Integer lane_ids[kLanes<F>] = {};
    if (ids.narrow) {
      for (int i = 0; i < lanes; ++i) lane_ids[i] = ids.narrow[example + i];
    } else {
      for (int i = 0; i < lanes; ++i) lane_ids[i] = static_cast<Integer>(ids.wide[example + i]);
    }
    ids_ = LoadRaw<Integers<F>>(lane_ids);
  }

  // Finds the labels' logits.
  KERAS_XENT_ALWAYS_INLINE void Look(int64_t c, V x) { logit_ = IsLabel(c) ? x : logit_; }

  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE V BackpropAt(int64_t c, const Backprop<F>& backprop, V exp,
                                        Mask is_dominant) const {
    return backprop.AtClass(exp, IsLabel(c), is_dominant);
  }

  class Sums {
   public:
    KERAS_XENT_ALWAYS_INLINE void Add(const TileLabels&, int64_t, V) {}
    KERAS_XENT_ALWAYS_INLINE void AddInDouble(const TileLabels&, int64_t, V, V) {}
    KERAS_XENT_ALWAYS_INLINE void Flush() {}
    KERAS_XENT_ALWAYS_INLINE void Finish(const TileLabels& labels, int part, Totals* totals) const {
      totals->y = Broadcast<double>(1.0);
      totals->yd = ToDoubles(labels.logit_, part) - totals->max;
    }
  };

 private:
  using Integer = decltype(+Integers<F>{}[0]);

  KERAS_XENT_ALWAYS_INLINE Integers<F> IsLabel(int64_t c) const {
    return ids_ == static_cast<Integer>(c);
  }

  Integers<F> ids_;
  V logit_;
};

template <typename T>
void Compute(const Task<SparseSoftmaxCrossEntropy, T>& task, const Piece<Real<T>>& piece) {
  ComputeRows(task, piece);
}

}  // namespace KERAS_XENT_ISA
#endif

}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SPARSE_SOFTMAX_CROSS_ENTROPY_H_
