// Softmax cross entropy with a label for every class.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_CROSS_ENTROPY_H_
#define KERAS_XENT_LOSSES_SOFTMAX_CROSS_ENTROPY_H_

#include <cstdint>

#include "labels.h"
#include "losses/softmax/by_labels.h"
#include "task.h"
#ifdef KERAS_XENT_ISA
#include "losses/softmax/rows.h"
#endif

namespace keras_xent {

// With y' = (1 - label_smoothing) * labels + label_smoothing / classes, an example's
// loss is sum_c y'_c * (log(sum_k exp(x_k)) - x_c), and its backprop is
// softmax(x)_c - y'_c, which is the loss's gradient if the labels sum to one.
// (TensorFlow's SoftmaxCrossEntropyWithLogits always returns this expression.)
struct SoftmaxCrossEntropy {
  static constexpr char kName[] = "SoftmaxCrossEntropy";
  template <typename T>
  using Labels = DenseLabels<T>;
  static constexpr bool kHasClassAxis = true;

  template <typename T>
  static double ByLabels(const Examples<SoftmaxCrossEntropy, T>& examples, int64_t example) {
    return SoftmaxByLabels(examples, example);
  }
};

#ifdef KERAS_XENT_ISA
namespace KERAS_XENT_ISA {

template <typename T>
class RowLabels<SoftmaxCrossEntropy, T> {
 public:
  using F = Real<T>;
  using V = Vec<F>;
  static constexpr bool kAreSummed = true;

  RowLabels(const DenseLabels<T>& labels, int64_t classes, int64_t example)
      : y_(labels.data + example * classes) {}

  KERAS_XENT_ALWAYS_INLINE V At(int64_t c) const { return Load(y_ + c); }
  KERAS_XENT_ALWAYS_INLINE void Prefetch(int64_t c) const { __builtin_prefetch(y_ + c); }

  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE V BackpropAt(int64_t c, const Backprop<F>& backprop, V exp,
                                        Mask is_dominant) const {
    return backprop.At(exp, At(c), is_dominant);
  }

  class Look {
   public:
    KERAS_XENT_ALWAYS_INLINE explicit Look(const RowLabels& labels) : y_(labels.y_) {}
    KERAS_XENT_ALWAYS_INLINE void At(int64_t c, int i) { found_[i] |= LoadRaw<Raw<T>>(y_ + c); }
    KERAS_XENT_ALWAYS_INLINE bool HasMass(const Block<SoftmaxCrossEntropy, T>&) const {
      return IsAnyBitSet(found_[0] | found_[1]);
    }

   private:
    const T* y_;
    Raw<T> found_[2] = {};
  };

  class Sums {
   public:
    KERAS_XENT_ALWAYS_INLINE void Add(const RowLabels& labels, int64_t c, V difference) {
      sums_.Add(labels.At(c), difference);
    }
    KERAS_XENT_ALWAYS_INLINE void Add(const RowLabels& labels, int64_t c, V difference,
                                      Integers<F> lanes) {
      sums_.Add(lanes ? labels.At(c) : V{}, difference);
    }
    KERAS_XENT_ALWAYS_INLINE void Flush() { sums_.Flush(); }
    KERAS_XENT_ALWAYS_INLINE void Rise(double rise) { sums_.yd.AddScaled(sums_.y, -rise); }
    KERAS_XENT_ALWAYS_INLINE void Finish(const RowLabels&, const T*, int lane,
                                         Totals* totals) const {
      totals->y[lane] = Total<F>(sums_.y);
      totals->yd[lane] = Total<F>(sums_.yd);
    }

   private:
    LabelSums<F> sums_;
  };

 private:
  const T* y_;
};

// A tile next to that of the logits.
template <typename T>
class TileLabels<SoftmaxCrossEntropy, T> {
 public:
  using F = Real<T>;
  using V = Vec<F>;
  static constexpr bool kAreStored = true;

  TileLabels() = default;
  TileLabels(const DenseLabels<T>&, int64_t, int, const F* tile) : y_(tile) {}

  KERAS_XENT_ALWAYS_INLINE V At(int64_t c) const { return Load(y_ + c * kLanes<F>); }
  KERAS_XENT_ALWAYS_INLINE void Look(int64_t, V) {}

  template <typename Mask>
  KERAS_XENT_ALWAYS_INLINE V BackpropAt(int64_t c, const Backprop<F>& backprop, V exp,
                                        Mask is_dominant) const {
    return backprop.At(exp, At(c), is_dominant);
  }

  class Sums {
   public:
    KERAS_XENT_ALWAYS_INLINE void Add(const TileLabels& labels, int64_t c, V difference) {
      sums_.Add(labels.At(c), difference);
    }
    KERAS_XENT_ALWAYS_INLINE void AddInDouble(const TileLabels& labels, int64_t c, V x, V m) {
      sums_.AddInDouble(labels.At(c), x, m);
    }
    KERAS_XENT_ALWAYS_INLINE void Flush() { sums_.Flush(); }
    KERAS_XENT_ALWAYS_INLINE void Finish(const TileLabels&, int part, Totals* totals) const {
      totals->y = sums_.y.Part(part);
      totals->yd = sums_.yd.Part(part);
    }

   private:
    LabelSums<F> sums_;
  };

 private:
  const F* y_;
};

template <typename T>
void Compute(const Task<SoftmaxCrossEntropy, T>& task, const Piece<Real<T>>& piece) {
  ComputeRows(task, piece);
}

}  // namespace KERAS_XENT_ISA
#endif

}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_CROSS_ENTROPY_H_
