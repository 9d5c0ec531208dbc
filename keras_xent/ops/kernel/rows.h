// Loss and backprop of softmax cross entropy, position by position.
//
// Two loops over the same formulas: `AlongRow` puts a vector along the classes
// of one position (contiguous classes, many of them); `AcrossRows` puts it
// across positions, each lane walking its own classes (the class axis is not
// the last one, or there are few classes). Both go over the classes three
// times: the largest logit; exp and the sums; the gradient.
#ifndef KERAS_XENT_ROWS_H_
#define KERAS_XENT_ROWS_H_

#include <limits>

#include "exp.h"
#include "log1p.h"
#include "sums.h"
#include "transpose.h"
#include "vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

template <typename F>
constexpr F kInfinity = std::numeric_limits<F>::infinity();

template <typename F>
KERAS_XENT_INLINE Vec<F> Max(Vec<F> a, Vec<F> b) {
  return b > a ? b : a;
}

template <typename F>
KERAS_XENT_INLINE Vec<F> MinusInfinity() {
  return Vec<F>{} - kInfinity<F>;
}

// y' = on * y + off.
struct Smoothing {
  double classes, on, off, one_minus_off;

  Smoothing(double label_smoothing, int64_t class_count)
      : classes(static_cast<double>(class_count)),
        on(1.0 - label_smoothing),
        off(label_smoothing / classes),
        one_minus_off(label_smoothing - off) {}
};

// What a sweep found, one position a lane.
struct Totals {
  DoubleVec max, rest, maxima, y, yd, d;
};

struct Results {
  DoubleVec loss;
  DoubleVec inverse;  // 1 / S: the probability of a class with the largest logit
  DoubleVec others;   // (S - 1) / S: one minus that probability
};

// loss = sum_c y'_c * (log S - d_c).
KERAS_XENT_INLINE Results Finish(const Smoothing& smoothing, const Totals& t) {
  // max - max is 0, or NaN when max is infinite: such a row has no softmax.
  const DoubleVec excess = t.rest + (t.maxima - 1.0) + (t.max - t.max);
  const DoubleVec log_s = Log1p(excess);
  Results results;
  results.loss = smoothing.on * (t.y * log_s - t.yd);
  // Guarded, for d is -inf when a logit is, and without smoothing that class
  // adds nothing.
  if (smoothing.off != 0) results.loss += smoothing.off * (smoothing.classes * log_s - t.d);
  results.inverse = 1.0 / (1.0 + excess);
  results.others = excess * results.inverse;
  return results;
}

// backprop = scale * (p - y'). For a class with the largest logit (its exp is
// 1), p - y' = (1 - y') - (1 - p), which does not cancel when p is near 1.
template <typename F>
struct Backprop {
  using V = Vec<F>;
  V on, off, one_minus_off, inverse, others, scale;

  explicit Backprop(const Smoothing& smoothing)
      : on(Broadcast<F>(static_cast<F>(smoothing.on))),
        off(Broadcast<F>(static_cast<F>(smoothing.off))),
        one_minus_off(Broadcast<F>(static_cast<F>(smoothing.one_minus_off))),
        inverse(V{}),
        others(V{}),
        scale(V{}) {}

  V At(V exp, V labels) const {
    V p_minus_y = exp * inverse - (labels * on + off);
    V one_minus_y = (F(1) - labels) * on + one_minus_off;
    return scale * (exp == F(1) ? one_minus_y - others : p_minus_y);
  }
};

template <typename T>
KERAS_XENT_INLINE Real<T> ScaleAt(const RowTask<T>& task, int64_t position) {
  const double scale = task.scales ? task.factor * task.scales[position] : task.factor;
  return static_cast<Real<T>>(scale);
}

// ---- along a row -----------------------------------------------------------

// A last, partial vector of a row. Logits are filled up with `fill`.
template <typename T>
KERAS_XENT_INLINE Vec<Real<T>> LoadFilled(const T* from, int64_t count, Real<T> fill) {
  using F = Real<T>;
  typename CountOf<F>::type lane;
  for (int i = 0; i < kLanes<F>; ++i) lane[i] = i;
  return lane < static_cast<int>(count) ? LoadPartial(from, count) : Broadcast<F>(fill);
}

template <typename T>
Real<T> RowMax(const T* x, int64_t classes) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  Vec<F> m[4] = {MinusInfinity<F>(), MinusInfinity<F>(), MinusInfinity<F>(), MinusInfinity<F>()};
  int64_t c = 0;
  for (; c + 4 * kStep <= classes; c += 4 * kStep) {
    for (int i = 0; i < 4; ++i) m[i] = Max<F>(m[i], Load(x + c + i * kStep));
  }
  for (; c + kStep <= classes; c += kStep) m[0] = Max<F>(m[0], Load(x + c));
  if (c < classes) m[1] = Max<F>(m[1], LoadFilled(x + c, classes - c, -kInfinity<F>));
  const Vec<F> all = Max<F>(Max<F>(m[0], m[1]), Max<F>(m[2], m[3]));
  F max = all[0];
  for (int lane = 1; lane < kStep; ++lane) max = all[lane] > max ? all[lane] : max;
  return max;
}

// Gathers the row's sums and, if `exps` is not null, keeps exp(x - max).
template <bool kInfinite, bool kKeep, typename T>
Totals SweepRow(const T* x, const T* y, int64_t classes, Real<T> row_max, Real<T>* exps) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  const Vec<F> max = Broadcast<F>(row_max);
  Sweep<F> sweep;
  auto add = [&](int64_t c, Vec<F> logits, Vec<F> labels) {
    const Vec<F> exp = Sweep<F>::template Add<kInfinite>(sweep, logits, labels, max);
    if (kKeep) Store(exps + c, exp);
  };
  int64_t c = 0;
  for (; c + kStep * kVectorsPerFlush <= classes; c += kStep * kVectorsPerFlush) {
    for (int64_t v = c; v < c + kStep * kVectorsPerFlush; v += kStep) {
      // The next row's: the next pass over memory begins with them.
      __builtin_prefetch(x + classes + v);
      __builtin_prefetch(y + classes + v);
      add(v, Load(x + v), Load(y + v));
    }
    sweep.Flush();
  }
  for (; c + kStep <= classes; c += kStep) add(c, Load(x + c), Load(y + c));
  // Lanes past the end look like further maxima without label mass.
  int64_t past_end = 0;
  if (c < classes) {
    past_end = kStep - (classes - c);
    add(c, LoadFilled(x + c, classes - c, row_max), LoadPartial(y + c, classes - c));
  }
  sweep.Flush();
  double maxima = -static_cast<double>(past_end);
  for (int lane = 0; lane < kStep; ++lane) maxima += static_cast<double>(sweep.maxima[lane]);
  Totals totals = {};
  totals.max[0] = row_max;
  totals.rest[0] = Total<F>(sweep.rest);
  totals.maxima[0] = maxima;
  totals.y[0] = Total<F>(sweep.y);
  totals.yd[0] = Total<F>(sweep.yd);
  totals.d[0] = Total<F>(sweep.d);
  return totals;
}

template <bool kKeep, typename T>
Totals SweepRow(const T* x, const T* y, int64_t classes, Real<T> row_max, Real<T>* exps) {
  const Totals totals = SweepRow<false, kKeep>(x, y, classes, row_max, exps);
  const bool is_nan = totals.yd[0] != totals.yd[0];
  return is_nan ? SweepRow<true, kKeep>(x, y, classes, row_max, exps) : totals;
}

template <typename T>
void WriteRow(const RowTask<T>& task, const Backprop<Real<T>>& backprop, const Real<T>* exps,
              const T* y, T* g) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  int64_t c = 0;
  if (task.stream) {
    // Streaming stores want whole aligned vectors.
    constexpr int64_t kStoreBytes = kStep * sizeof(T);
    const int64_t misaligned = reinterpret_cast<uintptr_t>(g) % kStoreBytes;
    const int64_t head = misaligned ? (kStoreBytes - misaligned) / sizeof(T) : 0;
    if (head > 0 && head <= task.classes) {
      StorePartial(g, backprop.At(Load(exps), LoadPartial(y, head)), head);
      c = head;
    }
    for (; c + kStep <= task.classes; c += kStep) {
      StoreStreaming(g + c, backprop.At(Load(exps + c), Load(y + c)));
    }
  } else {
    for (; c + kStep <= task.classes; c += kStep) {
      Store(g + c, backprop.At(Load(exps + c), Load(y + c)));
    }
  }
  if (c < task.classes) {
    const int64_t count = task.classes - c;
    StorePartial(g + c, backprop.At(Load(exps + c), LoadPartial(y + c, count)), count);
  }
}

template <typename T>
void AlongRows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses, void* scratch) {
  using F = Real<T>;
  const Smoothing smoothing(task.label_smoothing, task.classes);
  Backprop<F> backprop(smoothing);
  F* exps = static_cast<F*>(scratch);
  for (int64_t p = begin; p < end; ++p) {
    const T* x = task.logits + p * task.classes;
    const T* y = task.labels + p * task.classes;
    const F max = RowMax(x, task.classes);
    const Results results =
        Finish(smoothing, task.backprop ? SweepRow<true>(x, y, task.classes, max, exps)
                                        : SweepRow<false>(x, y, task.classes, max, exps));
    if (losses) losses[p - begin] = results.loss[0];
    if (task.backprop) {
      backprop.inverse = Broadcast<F>(static_cast<F>(results.inverse[0]));
      backprop.others = Broadcast<F>(static_cast<F>(results.others[0]));
      backprop.scale = Broadcast<F>(ScaleAt(task, p));
      WriteRow(task, backprop, exps, y, task.backprop + p * task.classes);
    }
  }
}

// ---- across rows -----------------------------------------------------------

// Loads whole vectors, or `count` lanes of them.
template <bool kWhole, typename T>
KERAS_XENT_INLINE Vec<Real<T>> LoadLanes(const T* from, int count) {
  return kWhole ? Load(from) : LoadPartial(from, count);
}

template <bool kInfinite, bool kWhole, typename T>
void SweepLanes(const T* x, const T* y, int64_t classes, int64_t stride, int count,
                Vec<Real<T>> max, Real<T>* exps, Sweep<Real<T>>* sweep) {
  using F = Real<T>;
  for (int64_t c = 0; c < classes;) {
    const int64_t stop = c + kVectorsPerFlush < classes ? c + kVectorsPerFlush : classes;
    for (; c < stop; ++c) {
      const Vec<F> exp =
          Sweep<F>::template Add<kInfinite>(*sweep, LoadLanes<kWhole>(x + c * stride, count),
                                            LoadLanes<kWhole>(y + c * stride, count), max);
      // Whole vectors: what reaches past `count` is overwritten by the next.
      if (exps) Store(exps + c * (kWhole ? kLanes<F> : count), exp);
    }
    sweep->Flush();
  }
}

// The losses of the positions in the lanes, and what their backprop needs; as
// many at a time as a DoubleVec holds.
template <typename F>
KERAS_XENT_INLINE void FinishLanes(const Smoothing& smoothing, const Sweep<F>& sweep, Vec<F> max,
                                   double* losses, Backprop<F>* backprop) {
  constexpr int kDoubles = kLanes<double>;
  F inverse[kLanes<F>], others[kLanes<F>];
  for (int from = 0; from < kLanes<F>; from += kDoubles) {
    double maxes[kDoubles], maxima[kDoubles];
    for (int lane = 0; lane < kDoubles; ++lane) {
      maxes[lane] = max[from + lane];
      maxima[lane] = static_cast<double>(sweep.maxima[from + lane]);
    }
    Totals totals;
    totals.max = Load(maxes);
    totals.maxima = Load(maxima);
    totals.rest = sweep.rest.Lanes(from);
    totals.y = sweep.y.Lanes(from);
    totals.yd = sweep.yd.Lanes(from);
    totals.d = sweep.d.Lanes(from);
    const Results results = Finish(smoothing, totals);
    Store(losses + from, results.loss);
    for (int lane = 0; lane < kDoubles; ++lane) {
      inverse[from + lane] = static_cast<F>(results.inverse[lane]);
      others[from + lane] = static_cast<F>(results.others[lane]);
    }
  }
  backprop->inverse = Load(inverse);
  backprop->others = Load(others);
}

// `count` positions side by side: class c of them starts at x + c * stride, and
// g + c * stride. `exps` has room for `count` numbers a class and a vector more;
// losses for a whole vector of positions.
template <bool kWhole, typename T>
void AcrossRows(const Smoothing& smoothing, const T* x, const T* y, T* g, int64_t classes,
                int64_t stride, int count, const Real<T>* scales, Real<T>* exps, double* losses) {
  using F = Real<T>;
  Vec<F> max = MinusInfinity<F>();
  for (int64_t c = 0; c < classes; ++c) {
    max = Max<F>(max, LoadLanes<kWhole>(x + c * stride, count));
  }
  F* keep = g ? exps : nullptr;
  Sweep<F> sweep;
  SweepLanes<false, kWhole>(x, y, classes, stride, count, max, keep, &sweep);
  bool is_nan = false;
  for (int lane = 0; lane < kLanes<F>; ++lane) is_nan |= sweep.yd.Lane(lane) != sweep.yd.Lane(lane);
  if (is_nan) {
    sweep = Sweep<F>();
    SweepLanes<true, kWhole>(x, y, classes, stride, count, max, keep, &sweep);
  }
  Backprop<F> backprop(smoothing);
  FinishLanes<F>(smoothing, sweep, max, losses, &backprop);
  if (!g) return;
  backprop.scale = Load(scales);
  for (int64_t c = 0; c < classes; ++c) {
    const Vec<F> value = backprop.At(Load(exps + c * (kWhole ? kLanes<F> : count)),
                                     LoadLanes<kWhole>(y + c * stride, count));
    if (kWhole) {
      Store(g + c * stride, value);
    } else {
      StorePartial(g + c * stride, value, count);
    }
  }
}

// The class axis is not the last: lanes lie along `inner`.
template <typename T>
void StridedRows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses,
                 void* scratch) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  const Smoothing smoothing(task.label_smoothing, task.classes);
  F scales[kStep] = {};
  double lane_losses[kStep];
  for (int64_t p = begin; p < end;) {
    const int64_t outer = p / task.inner;
    const int64_t i = p % task.inner;
    const int64_t run = task.inner - i < end - p ? task.inner - i : end - p;
    const int count = static_cast<int>(run < kStep ? run : kStep);
    const int64_t offset = outer * task.classes * task.inner + i;
    T* g = task.backprop ? task.backprop + offset : nullptr;
    for (int lane = 0; lane < count; ++lane) scales[lane] = ScaleAt(task, p + lane);
    (count == kStep ? AcrossRows<true, T>
                    : AcrossRows<false, T>)(smoothing, task.logits + offset, task.labels + offset,
                                            g, task.classes, task.inner, count, scales,
                                            static_cast<F*>(scratch), lane_losses);
    if (losses) std::memcpy(losses + (p - begin), lane_losses, sizeof(double) * count);
    p += count;
  }
}

// Few classes: rows are turned, so that lanes lie across them.
template <typename T>
void TiledRows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  const Smoothing smoothing(task.label_smoothing, task.classes);
  const T* logits_end = task.logits + task.positions * task.classes;
  const T* labels_end = task.labels + task.positions * task.classes;
  alignas(64) F x[kTileClasses * kStep], y[kTileClasses * kStep], g[kTileClasses * kStep];
  double lane_losses[kStep];
  F scales[kStep] = {};
  for (int64_t p = begin; p < end; p += kStep) {
    const int count = static_cast<int>(end - p < kStep ? end - p : kStep);
    const int64_t offset = p * task.classes;
    PackTile(task.logits + offset, task.classes, count, logits_end, x);
    PackTile(task.labels + offset, task.classes, count, labels_end, y);
    for (int lane = 0; lane < count; ++lane) scales[lane] = ScaleAt(task, p + lane);
    AcrossRows<true>(smoothing, x, y, task.backprop ? g : nullptr, task.classes, kStep, kStep,
                     scales, g, lane_losses);
    if (losses) std::memcpy(losses + (p - begin), lane_losses, sizeof(double) * count);
    if (task.backprop) UnpackTile(g, task.classes, count, task.backprop + offset);
  }
}

template <typename T>
void Rows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses, void* scratch) {
  if (task.classes == 0) {
    if (losses) std::memset(losses, 0, sizeof(double) * static_cast<size_t>(end - begin));
  } else if (task.inner != 1) {
    StridedRows(task, begin, end, losses, scratch);
  } else if (task.classes <= kTileClasses) {
    TiledRows(task, begin, end, losses);
  } else {
    AlongRows(task, begin, end, losses, scratch);
    if (task.stream) StreamFence();
  }
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_ROWS_H_
