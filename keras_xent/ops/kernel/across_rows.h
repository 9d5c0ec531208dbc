// Few classes, or a class axis that is not the last: vectors across positions,
// each lane going through its own classes.
//
// A vector's worth of positions is brought into a tile first (see tiles.h). The
// tile of logits becomes that of their exps, and that the one of backprop.
#ifndef KERAS_XENT_ACROSS_ROWS_H_
#define KERAS_XENT_ACROSS_ROWS_H_

#include "formula.h"
#include "tiles.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// Writes the lanes' losses, and what their backprop needs.
template <typename F>
KERAS_XENT_INLINE void FinishLanes(const Smoothing& smoothing, const Sweep<F>& sweep, Vec<F> max,
                                   const ScaledExp<F>& exp, double* losses, Backprop<F>* backprop) {
  constexpr int kParts = kLanes<F> / kLanes<double>;
  const Vec<F> maxima = __builtin_convertvector(sweep.maxima, Vec<F>);
  Results results[2] = {};
  for (int part = 0; part < kParts; ++part) {
    Totals totals;
    totals.max = ToDoubles(max, part);
    totals.maxima = ToDoubles(maxima, part);
    totals.rest = sweep.rest.Part(part);
    totals.y = sweep.y.Part(part);
    totals.yd = sweep.yd.Part(part);
    totals.d = sweep.d.Part(part);
    totals.exp_of_max = ExpOfRemainder<F>(
        Remainder(totals.max, ToDoubles(exp.shift(), part), ToDoubles(exp.power(), part)));
    results[part] = Finish<F>(smoothing, totals);
    Store(losses + part * kLanes<double>, results[part].loss);
  }
  backprop->inverse = FromDoubles(F(), results[0].inverse, results[1].inverse);
  backprop->others = FromDoubles(F(), results[0].others, results[1].others);
}

// Computes a tile's losses and, if `scales` is not null, turns the logits into
// their backprop.
template <bool kSmoothed, typename F>
void TileRows(const Smoothing& smoothing, F* logits, const F* labels, int64_t classes,
              const Vec<F>* scales, double* losses) {
  using V = Vec<F>;
  constexpr int64_t kStep = kLanes<F>;
  V max = MinusInfinity<F>();
  for (int64_t c = 0; c < classes; ++c) max = Max<F>(max, Load(logits + c * kStep));
  const ScaledExp<F> exp = ScaledExp<F>::NearTo(max);
  Sweep<F> sweep;
  for (int64_t c = 0; c < classes;) {
    const int64_t stop = c + kVectorsPerFlush < classes ? c + kVectorsPerFlush : classes;
    for (; c < stop; ++c) {
      const V x = Load(logits + c * kStep);
      const V e = exp(x);
      Store(logits + c * kStep, e);
      sweep.template Add<kSmoothed>(e, x - max, Load(labels + c * kStep), x == max);
    }
    sweep.Flush();
  }
  Backprop<F> backprop(smoothing);
  FinishLanes<F>(smoothing, sweep, max, exp, losses, &backprop);
  if (!scales) return;
  backprop.scale = *scales;
  const V exp_of_max = exp(max);
  for (int64_t c = 0; c < classes; ++c) {
    const V e = Load(logits + c * kStep);
    Store(logits + c * kStep, backprop.At(e, Load(labels + c * kStep), e == exp_of_max));
  }
}

template <typename T>
class AcrossRows {
 public:
  using F = Real<T>;
  static constexpr int kStep = kLanes<F>;

  AcrossRows(const RowTask<T>& task, void* scratch)
      : task_(task),
        smoothing_(task.label_smoothing, task.classes),
        tile_rows_(smoothing_.off != 0 ? &TileRows<true, F> : &TileRows<false, F>),
        logits_(static_cast<F*>(scratch)),
        labels_(logits_ + task.classes * TilePositions<T>(task.classes)) {}

  // Contiguous classes.
  void Rows(int64_t begin, int64_t end, double* losses) {
    for (int64_t p = begin; p < end; p += kStep) {
      const int count = static_cast<int>(end - p < kStep ? end - p : kStep);
      const int64_t offset = p * task_.classes;
      if (count == kStep && task_.classes >= kGroup<F>) {
        PackRows(task_.logits + offset, task_.classes, logits_);
        PackRows(task_.labels + offset, task_.classes, labels_);
        Compute(p, count, 0, losses ? losses + (p - begin) : nullptr);
        if (task_.backprop) UnpackRows(logits_, task_.classes, task_.backprop + offset);
      } else {
        PackFewRows(task_.logits + offset, task_.classes, count, logits_);
        PackFewRows(task_.labels + offset, task_.classes, count, labels_);
        Compute(p, count, 0, losses ? losses + (p - begin) : nullptr);
        if (task_.backprop) UnpackFewRows(logits_, task_.classes, count, task_.backprop + offset);
      }
    }
  }

  // Classes task.inner apart. Whole cache lines of positions are read and
  // written, as several tiles: classes a power of two apart share few lines of
  // the caches, and a line may be gone when its other half is wanted. Several
  // lines in a row are what memory is good at.
  void Columns(int64_t begin, int64_t end, double* losses) {
    const int64_t most = TilePositions<T>(task_.classes);
    for (int64_t p = begin; p < end;) {
      const int64_t i = p % task_.inner;
      const int64_t offset = p / task_.inner * task_.classes * task_.inner + i;
      const int64_t run = task_.inner - i < end - p ? task_.inner - i : end - p;
      const int64_t count = run < most ? run : most;
      PackColumns(task_.logits + offset, count, logits_);
      PackColumns(task_.labels + offset, count, labels_);
      for (int64_t from = 0; from < count; from += kStep) {
        const int lanes = static_cast<int>(count - from < kStep ? count - from : kStep);
        Compute(p + from, lanes, from * task_.classes,
                losses ? losses + (p + from - begin) : nullptr);
      }
      if (task_.backprop) UnpackColumns(logits_, count, task_.backprop + offset);
      p += count;
    }
  }

 private:
  // The tile at `tile` of the buffers: `count` positions from p on.
  void Compute(int64_t p, int count, int64_t tile, double* losses) {
    double lane_losses[kStep];
    const Vec<F> scales = ScalesFrom(p, count);
    tile_rows_(smoothing_, logits_ + tile, labels_ + tile, task_.classes,
               task_.backprop ? &scales : nullptr, lane_losses);
    if (losses) std::memcpy(losses, lane_losses, sizeof(double) * static_cast<size_t>(count));
  }

  Vec<F> ScalesFrom(int64_t p, int count) {
    if (!task_.scales) return Broadcast<F>(static_cast<F>(task_.factor));
    const Vec<F> scales =
        count == kStep ? Load(task_.scales + p) : LoadPartial(task_.scales + p, count);
    constexpr int kLast = kStep / kLanes<double> - 1;
    return FromDoubles(F(), ToDoubles(scales, 0) * task_.factor,
                       ToDoubles(scales, kLast) * task_.factor);
  }

  void PackColumns(const T* from, int64_t count, F* tiles) {
    for (int64_t c = 0; c < task_.classes; ++c) {
      const T* x = from + c * task_.inner;
      F* to = tiles + c * kStep;
      int64_t i = 0;
      for (; i + kStep <= count; i += kStep) {
        __builtin_prefetch(x + i + count);
        Store(to + i * task_.classes, Load(x + i));
      }
      if (i < count) Store(to + i * task_.classes, LoadPartial(x + i, count - i));
    }
  }

  void UnpackColumns(const F* tiles, int64_t count, T* to) {
    for (int64_t c = 0; c < task_.classes; ++c) {
      T* g = to + c * task_.inner;
      const F* from = tiles + c * kStep;
      const bool whole_lines = count * static_cast<int64_t>(sizeof(T)) % kLineBytes == 0 &&
                               reinterpret_cast<uintptr_t>(g) % kLineBytes == 0;
      if (task_.stream && whole_lines) {
        for (int64_t i = 0; i < count; i += kStep) {
          StoreStreaming(g + i, Load(from + i * task_.classes));
        }
        continue;
      }
      int64_t i = 0;
      for (; i + kStep <= count; i += kStep) Store(g + i, Load(from + i * task_.classes));
      if (i < count) StorePartial(g + i, Load(from + i * task_.classes), count - i);
    }
  }

  const RowTask<T>& task_;
  const Smoothing smoothing_;
  void (*const tile_rows_)(const Smoothing&, F*, const F*, int64_t, const Vec<F>*, double*);
  F* const logits_;
  F* const labels_;
};

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_ACROSS_ROWS_H_
