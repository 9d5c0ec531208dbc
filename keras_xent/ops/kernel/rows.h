// Loss and backprop of softmax cross entropy, position by position.
//
// Two loops over the same formulas: `AlongRow` puts a vector along the classes
// of one position (contiguous classes, many of them); `AcrossRows` puts it
// across positions, each lane walking its own classes (the class axis is not
// the last one, or there are few classes).
#ifndef KERAS_XENT_ROWS_H_
#define KERAS_XENT_ROWS_H_

#include <cmath>
#include <limits>

#include "exp.h"
#include "sums.h"
#include "vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

template <typename F>
constexpr F kInfinity = std::numeric_limits<F>::infinity();

template <typename F>
KERAS_XENT_INLINE Vec<F> Max(Vec<F> a, Vec<F> b) {
  return b > a ? b : a;
}

// One position's result, in scalars.
struct Position {
  double loss;
  double inverse;  // 1 / S: the probability of a class with the largest logit
  double others;   // (S - 1) / S: one minus that probability
};

// loss = sum_c y'_c * (log S - d_c), with y' = on * y + off.
template <typename F>
KERAS_XENT_INLINE Position Finish(const RowTask<F>& task, F max, double rest, double maxima,
                                  double y, double yd, double d) {
  const double on = 1.0 - task.label_smoothing;
  const double off = task.label_smoothing / static_cast<double>(task.classes);
  // max - max is 0, or NaN when max is infinite: such a row has no softmax.
  const double excess = rest + (maxima - 1.0) + static_cast<double>(max - max);
  const double log_s = std::log1p(excess);
  Position position;
  position.loss = on * (y * log_s - yd);
  // Guarded, for d is -inf when a logit is, and without smoothing that class
  // adds nothing.
  if (off != 0) position.loss += off * (static_cast<double>(task.classes) * log_s - d);
  position.inverse = 1.0 / (1.0 + excess);
  position.others = excess / (1.0 + excess);
  return position;
}

// backprop = scale * (p - y'). For a class with the largest logit,
// p - y' = (1 - y') - (1 - p), which does not cancel when p is near 1.
template <typename F>
struct Backprop {
  using V = Vec<F>;
  V on, off, one_minus_off, inverse, others, scale;

  explicit Backprop(double label_smoothing, int64_t classes) {
    const double off_value = label_smoothing / static_cast<double>(classes);
    on = Broadcast<F>(static_cast<F>(1.0 - label_smoothing));
    off = Broadcast<F>(static_cast<F>(off_value));
    one_minus_off = Broadcast<F>(static_cast<F>(label_smoothing - off_value));
  }
  V At(V logits, V labels, V max) const {
    V exp = ExpOfDifference<F>(logits, max);
    V p_minus_y = exp * inverse - (labels * on + off);
    V one_minus_y = (F(1) - labels) * on + one_minus_off;
    return scale * (logits == max ? one_minus_y - others : p_minus_y);
  }
};

template <typename T>
KERAS_XENT_INLINE Real<T> ScaleAt(const RowTask<T>& task, int64_t position) {
  const double scale = task.scales ? task.factor * task.scales[position] : task.factor;
  return static_cast<Real<T>>(scale);
}

// A last, partial vector of a row. Logits are filled up with `fill`.
template <typename T>
KERAS_XENT_INLINE Vec<Real<T>> LoadFilled(const T* from, int64_t count, Real<T> fill) {
  using F = Real<T>;
  Vec<F> v = LoadPartial(from, count);
  for (int lane = static_cast<int>(count); lane < kLanes<F>; ++lane) v[lane] = fill;
  return v;
}

template <typename T>
Real<T> RowMax(const T* x, int64_t classes) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  Vec<F> m = Broadcast<F>(0);
  m -= kInfinity<F>;
  int64_t c = 0;
  for (; c + kStep <= classes; c += kStep) m = Max<F>(m, Load(x + c));
  if (c < classes) m = Max<F>(m, LoadFilled(x + c, classes - c, -kInfinity<F>));
  F max = m[0];
  for (int lane = 1; lane < kStep; ++lane) max = m[lane] > max ? m[lane] : max;
  return max;
}

template <typename T>
Position SweepRow(const RowTask<T>& task, const T* x, const T* y, Real<T> row_max) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  const Vec<F> max = Broadcast<F>(row_max);
  Sweep<F> sweep;
  int64_t c = 0;
  for (; c + kStep * kVectorsPerFlush <= task.classes; c += kStep * kVectorsPerFlush) {
    for (int v = 0; v < kVectorsPerFlush; ++v) {
      sweep.Add(Load(x + c + v * kStep), Load(y + c + v * kStep), max);
    }
    sweep.Flush();
  }
  for (; c + kStep <= task.classes; c += kStep) sweep.Add(Load(x + c), Load(y + c), max);
  // Lanes past the end look like further maxima without label mass.
  int64_t past_end = 0;
  if (c < task.classes) {
    const int64_t count = task.classes - c;
    past_end = kStep - count;
    sweep.Add(LoadFilled(x + c, count, row_max), LoadPartial(y + c, count), max);
  }
  sweep.Flush();
  double maxima = -static_cast<double>(past_end);
  for (int lane = 0; lane < kStep; ++lane) maxima += static_cast<double>(sweep.maxima[lane]);
  RowTask<F> real_task = {};
  real_task.classes = task.classes;
  real_task.label_smoothing = task.label_smoothing;
  return Finish<F>(real_task, row_max, Total<F>(sweep.rest), maxima, Total<F>(sweep.y),
                   Total<F>(sweep.yd), Total<F>(sweep.d));
}

template <typename T>
void WriteRow(const RowTask<T>& task, const Backprop<Real<T>>& backprop, const T* x, const T* y,
              T* g, Real<T> row_max) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  const Vec<F> max = Broadcast<F>(row_max);
  int64_t c = 0;
  if (task.stream) {
    // Streaming stores want whole aligned vectors.
    constexpr int64_t kStoreBytes = kStep * sizeof(T);
    const int64_t misaligned = reinterpret_cast<uintptr_t>(g) % kStoreBytes;
    const int64_t head = misaligned ? (kStoreBytes - misaligned) / sizeof(T) : 0;
    if (head > 0 && head <= task.classes) {
      StorePartial(g, backprop.At(LoadPartial(x, head), LoadPartial(y, head), max), head);
      c = head;
    }
    for (; c + kStep <= task.classes; c += kStep) {
      StoreStreaming(g + c, backprop.At(Load(x + c), Load(y + c), max));
    }
  } else {
    for (; c + kStep <= task.classes; c += kStep) {
      Store(g + c, backprop.At(Load(x + c), Load(y + c), max));
    }
  }
  if (c < task.classes) {
    const int64_t count = task.classes - c;
    StorePartial(g + c, backprop.At(LoadPartial(x + c, count), LoadPartial(y + c, count), max),
                 count);
  }
}

template <typename T>
void AlongRows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses) {
  using F = Real<T>;
  Backprop<F> backprop(task.label_smoothing, task.classes);
  for (int64_t p = begin; p < end; ++p) {
    const T* x = task.logits + p * task.classes;
    const T* y = task.labels + p * task.classes;
    const F max = RowMax(x, task.classes);
    const Position position = SweepRow(task, x, y, max);
    if (losses) losses[p - begin] = position.loss;
    if (task.backprop) {
      backprop.inverse = Broadcast<F>(static_cast<F>(position.inverse));
      backprop.others = Broadcast<F>(static_cast<F>(position.others));
      backprop.scale = Broadcast<F>(ScaleAt(task, p));
      WriteRow(task, backprop, x, y, task.backprop + p * task.classes, max);
    }
  }
}

// Loads whole vectors, or `count` lanes of them.
template <bool kWhole, typename T>
KERAS_XENT_INLINE Vec<Real<T>> LoadLanes(const T* from, int count) {
  return kWhole ? Load(from) : LoadPartial(from, count);
}

// `count` positions side by side: class c of them starts at x + c * stride.
template <bool kWhole, typename T>
void AcrossRows(const RowTask<Real<T>>& task, const T* x, const T* y, T* g, int64_t stride,
                int count, const Real<T>* scales, double* losses) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  const int64_t classes = task.classes;
  Vec<F> max = Broadcast<F>(0);
  max -= kInfinity<F>;
  for (int64_t c = 0; c < classes; ++c) {
    max = Max<F>(max, LoadLanes<kWhole>(x + c * stride, count));
  }
  Sweep<F> sweep;
  for (int64_t c = 0; c < classes;) {
    const int64_t stop = c + kVectorsPerFlush < classes ? c + kVectorsPerFlush : classes;
    for (; c < stop; ++c) {
      sweep.Add(LoadLanes<kWhole>(x + c * stride, count), LoadLanes<kWhole>(y + c * stride, count),
                max);
    }
    sweep.Flush();
  }
  Backprop<F> backprop(task.label_smoothing, classes);
  backprop.inverse = backprop.others = backprop.scale = Vec<F>{};
  for (int lane = 0; lane < (kWhole ? kStep : count); ++lane) {
    const Position position =
        Finish<F>(task, max[lane], sweep.rest.Lane(lane), static_cast<double>(sweep.maxima[lane]),
                  sweep.y.Lane(lane), sweep.yd.Lane(lane), sweep.d.Lane(lane));
    if (losses) losses[lane] = position.loss;
    backprop.inverse[lane] = static_cast<F>(position.inverse);
    backprop.others[lane] = static_cast<F>(position.others);
    backprop.scale[lane] = scales[lane];
  }
  if (!g) return;
  for (int64_t c = 0; c < classes; ++c) {
    const Vec<F> value = backprop.At(LoadLanes<kWhole>(x + c * stride, count),
                                     LoadLanes<kWhole>(y + c * stride, count), max);
    if (kWhole) {
      Store(g + c * stride, value);
    } else {
      StorePartial(g + c * stride, value, count);
    }
  }
}

template <typename T>
RowTask<Real<T>> RealTask(const RowTask<T>& task) {
  RowTask<Real<T>> real = {};
  real.classes = task.classes;
  real.inner = task.inner;
  real.label_smoothing = task.label_smoothing;
  return real;
}

// The class axis is not the last: lanes lie along `inner`.
template <typename T>
void StridedRows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  const RowTask<F> real = RealTask(task);
  F scales[kStep];
  for (int64_t p = begin; p < end;) {
    const int64_t outer = p / task.inner;
    const int64_t i = p % task.inner;
    const int64_t run = task.inner - i < end - p ? task.inner - i : end - p;
    const int count = static_cast<int>(run < kStep ? run : kStep);
    const int64_t offset = outer * task.classes * task.inner + i;
    T* g = task.backprop ? task.backprop + offset : nullptr;
    double* out = losses ? losses + (p - begin) : nullptr;
    for (int lane = 0; lane < count; ++lane) scales[lane] = ScaleAt(task, p + lane);
    if (count == kStep) {
      AcrossRows<true>(real, task.logits + offset, task.labels + offset, g, task.inner, count,
                       scales, out);
    } else {
      AcrossRows<false>(real, task.logits + offset, task.labels + offset, g, task.inner, count,
                        scales, out);
    }
    p += count;
  }
}

// Up to this many classes, rows are transposed into a tile that fits the
// fastest cache, and the lanes lie across rows.
constexpr int64_t kTileClasses = 64;

// tile[c * lanes + r] = rows[r * classes + c]
template <typename T>
void PackTile(const T* rows, int64_t classes, int count, Real<T>* tile) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  F row[kTileClasses + kStep];
  for (int r = 0; r < count; ++r) {
    const T* from = rows + r * classes;
    int64_t c = 0;
    for (; c + kStep <= classes; c += kStep) Store(row + c, Load(from + c));
    if (c < classes) Store(row + c, LoadPartial(from + c, classes - c));
    for (c = 0; c < classes; ++c) tile[c * kStep + r] = row[c];
  }
}

template <typename T>
void UnpackTile(const Real<T>* tile, int64_t classes, int count, T* rows) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  F row[kTileClasses + kStep];
  for (int r = 0; r < count; ++r) {
    T* to = rows + r * classes;
    for (int64_t c = 0; c < classes; ++c) row[c] = tile[c * kStep + r];
    int64_t c = 0;
    for (; c + kStep <= classes; c += kStep) Store(to + c, Load(row + c));
    if (c < classes) StorePartial(to + c, LoadPartial(row + c, classes - c), classes - c);
  }
}

template <typename T>
void TiledRows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses) {
  using F = Real<T>;
  constexpr int kStep = kLanes<F>;
  const RowTask<F> real = RealTask(task);
  // Zeroed, so that the lanes of a partial tile hold numbers too.
  F x[kTileClasses * kStep] = {}, y[kTileClasses * kStep] = {}, g[kTileClasses * kStep];
  double tile_losses[kStep];
  F scales[kStep] = {};
  for (int64_t p = begin; p < end; p += kStep) {
    const int count = static_cast<int>(end - p < kStep ? end - p : kStep);
    const int64_t offset = p * task.classes;
    PackTile(task.logits + offset, task.classes, count, x);
    PackTile(task.labels + offset, task.classes, count, y);
    for (int lane = 0; lane < count; ++lane) scales[lane] = ScaleAt(task, p + lane);
    AcrossRows<true>(real, x, y, task.backprop ? g : nullptr, kStep, kStep, scales, tile_losses);
    if (losses) std::memcpy(losses + (p - begin), tile_losses, sizeof(double) * count);
    if (task.backprop) UnpackTile(g, task.classes, count, task.backprop + offset);
  }
}

template <typename T>
void Rows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses) {
  if (task.classes == 0) {
    if (losses) std::memset(losses, 0, sizeof(double) * static_cast<size_t>(end - begin));
  } else if (task.inner != 1) {
    StridedRows(task, begin, end, losses);
  } else if (task.classes <= kTileClasses) {
    TiledRows(task, begin, end, losses);
  } else {
    AlongRows(task, begin, end, losses);
    if (task.stream) StreamFence();
  }
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_ROWS_H_
