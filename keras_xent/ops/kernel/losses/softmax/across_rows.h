// For few classes, or if the class axis isn't the last: vectors across examples. Each lane goes
// through the classes of its own example.
//
// First, as many examples as a vector has lanes are packed into a tile (see tiles.h). The logits in
// the tile are replaced with their exps, and these with the backprop. A few tiles go through each
// of these steps together.
#ifndef KERAS_XENT_LOSSES_SOFTMAX_ACROSS_ROWS_H_
#define KERAS_XENT_LOSSES_SOFTMAX_ACROSS_ROWS_H_

#include <cstring>

#include "base/scratch.h"
#include "losses/softmax/formula.h"
#include "losses/softmax/sums.h"
#include "losses/softmax/tiles.h"
#include "task.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// The labels of the examples in the lanes, for the loops over their classes. Each loss
// defines its own.
template <typename Loss, typename T>
class TileLabels;

// The number of tiles that take each step together. The last step of a loss is a long chain of
// dependent operations, so the chains of several tiles run at the same time. With more classes this
// matters less, and returning to a tile costs more.
constexpr int kMostTiles = 4;
constexpr int64_t kMostTilesBytes = 1536;

constexpr int TilesTogether(int64_t classes) {
  const int64_t tiles = kMostTilesBytes / (classes * kVectorBytes);
  return tiles < 1 ? 1 : tiles > kMostTiles ? kMostTiles : static_cast<int>(tiles);
}

// A lane adds its classes one after another, so its errors aren't averaged with those
// of other lanes. These numbers keep the worst loss of many rows within 2 units in the
// last place. With very few classes, everything except exps is in double. Otherwise a
// few classes at a time are added in F. (Of 20,000 rows with logits of standard
// deviation 5, the worst is off by 2.6 units if 10 classes are added in F, and by 4.3
// if 16 are.)
constexpr int64_t kVeryFewClasses = 8;
constexpr int kClassesPerFlush = 4;

// Replaces a tile of logits with their exps, and computes the lanes' totals. Returns the exps of
// the largest logits.
template <bool kSmoothed, bool kVeryFew, typename Labels, typename F>
KERAS_XENT_INLINE Vec<F> SweepTile(F* logits, Labels& labels, int64_t classes, Totals* totals) {
  using V = Vec<F>;
  constexpr int64_t kStep = kLanes<F>;
  V max = MinusInfinity<F>();
  for (int64_t c = 0; c < classes; ++c) {
    const V x = Load(logits + c * kStep);
    max = Max<F>(max, x);
    labels.Look(c, x);
  }
  const ScaledExp<F> exp = ScaledExp<F>::NearTo(max);
  ClassSums<kSmoothed, F> sums;
  typename Labels::Sums label_sums;
  auto add = [&](int64_t c) __attribute__((always_inline)) {
    const V x = Load(logits + c * kStep);
    const UnroundedExp<F> e = exp.Unrounded(x);
    Store(logits + c * kStep, e.Rounded());
    if constexpr (kVeryFew) {
      sums.AddInDouble(e, x, max, x == max);
      label_sums.AddInDouble(labels, c, x, max);
    } else {
      sums.Add(e, x - max, x == max);
      label_sums.Add(labels, c, x - max);
    }
  };
  int64_t c = 0;
  if constexpr (kVeryFew) {
    for (; c < classes; ++c) add(c);
    sums.rest.Flush();
  } else {
    for (; c + kClassesPerFlush <= classes; c += kClassesPerFlush) {
      for (int i = 0; i < kClassesPerFlush; ++i) add(c + i);
      sums.Flush();
      label_sums.Flush();
    }
    for (; c < classes; ++c) add(c);
    sums.Flush();
    label_sums.Flush();
  }
  const V maxima = __builtin_convertvector(sums.maxima, V);
  for (int part = 0; part < kParts<F>; ++part) {
    Totals& t = totals[part];
    t.max = ToDoubles(max, part);
    t.rest = sums.rest.Part(part);
    t.maxima = ToDoubles(maxima, part);
    t.d = sums.d.Part(part);
    label_sums.Finish(labels, part, &t);
    t.exp_of_max = ExpOfRemainder<F>(
        Remainder(t.max, ToDoubles(exp.shift(), part), ToDoubles(exp.power(), part)));
  }
  return exp(max);
}

// Replaces a tile of exps with the backprop.
template <typename Labels, typename F>
KERAS_XENT_INLINE void BackpropTile(const Backprop<F>& backprop, Vec<F> exp_of_max, F* exps,
                                    const Labels& labels, int64_t classes) {
  constexpr int64_t kStep = kLanes<F>;
  const Vec<F> exp_of_dominant = OfDominant<F>(exp_of_max, backprop.others);
  for (int64_t c = 0; c < classes; ++c) {
    const Vec<F> e = Load(exps + c * kStep);
    Store(exps + c * kStep, labels.BackpropAt(c, backprop, e, e == exp_of_dominant));
  }
}

// Computes the losses of up to kMostTiles tiles and, if `coefficients` is not null,
// replaces the logits with their backprop.
template <bool kSmoothed, bool kVeryFew, typename Labels, typename F>
void FewTiles(const Smoothing& smoothing, int tiles, F* logits, Labels* labels, int64_t classes,
              const Vec<F>* coefficients, double* losses) {
  const int64_t tile = classes * kLanes<F>;
  Vec<F> exp_of_max[kMostTiles];
  Totals totals[kMostTiles * kParts<F>];
  for (int t = 0; t < tiles; ++t) {
    exp_of_max[t] = SweepTile<kSmoothed, kVeryFew>(logits + t * tile, labels[t], classes,
                                                   totals + t * kParts<F>);
  }
  Results results[kMostTiles * kParts<F>];
  for (int i = 0; i < tiles * kParts<F>; ++i) {
    results[i] = Finish<F>(smoothing, totals[i]);
    Store(losses + i * kLanes<double>, results[i].loss);
  }
  if (!coefficients) return;
  Backprop<F> backprop(smoothing);
  for (int t = 0; t < tiles; ++t) {
    const Results& low = results[t * kParts<F>];
    const Results& high = results[(t + 1) * kParts<F> - 1];
    backprop.inverse = FromDoubles(F(), low.inverse, high.inverse);
    backprop.others = FromDoubles(F(), low.others, high.others);
    backprop.coefficient = coefficients[t];
    BackpropTile<Labels, F>(backprop, exp_of_max[t], logits + t * tile, labels[t], classes);
  }
}

// Memory for the tiles of some examples: for their logits, which are replaced with exps and then
// with the backprop, and for their labels if every class has one.
template <typename Loss, typename T>
class Tiles {
 public:
  using F = Real<T>;

  explicit Tiles(int64_t classes)
      : examples_(Examples(classes)),
        scratch_((TileLabels<Loss, T>::kAreStored ? 2 : 1) * classes * examples_ *
                 static_cast<int64_t>(sizeof(F))),
        logits_(static_cast<F*>(scratch_.get())),
        labels_(logits_ + classes * examples_) {}

  // How many examples go through tiles at a time: whole cache lines, and several
  // if their tiles fit the L1 cache.
  int64_t examples() const { return examples_; }
  F* logits() const { return logits_; }
  F* labels() const { return labels_; }

 private:
  static int64_t Examples(int64_t classes) {
    constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(F));
    constexpr int64_t kElements = (16 << 10) / static_cast<int64_t>(sizeof(F));
    const int64_t lines = kElements / (classes * kLine);
    return kLine * (lines < 1 ? 1 : lines > 8 ? 8 : lines);
  }

  const int64_t examples_;
  const Scratch scratch_;
  F* const logits_;
  F* const labels_;
};

template <typename Loss, typename T>
class AcrossRows {
 public:
  using F = Real<T>;
  using Labels = TileLabels<Loss, T>;
  static constexpr int kStep = kLanes<F>;

  AcrossRows(const Task<Loss, T>& task, const Piece<F>& piece)
      : task_(task),
        piece_(piece),
        classes_(task.extents.classes),
        inner_(task.extents.inner),
        smoothing_(task.label_smoothing, classes_),
        most_(TilesTogether(classes_) * kStep),
        few_tiles_(classes_ <= kVeryFewClasses ? FewTilesFor<true>() : FewTilesFor<false>()),
        tiles_(classes_) {}

  // Contiguous classes.
  void Rows() {
    for (int64_t p = piece_.begin; p < piece_.end; p += most_) {
      const int64_t count = piece_.end - p < most_ ? piece_.end - p : most_;
      const int64_t offset = p * classes_;
      for (int64_t from = 0; from < count; from += kStep) {
        const int64_t tile = from * classes_;
        Pack(task_.logits, offset + tile, count - from, tiles_.logits() + tile);
        if constexpr (Labels::kAreStored) {
          Pack(task_.labels.data, offset + tile, count - from, tiles_.labels() + tile);
        }
      }
      if (task_.backprop) FetchToWrite(task_.backprop + offset, count * classes_);
      Compute(p, count, 0);
      if (!task_.backprop) continue;
      for (int64_t from = 0; from < count; from += kStep) {
        T* backprop = task_.backprop + offset + from * classes_;
        const F* tile = tiles_.logits() + from * classes_;
        if (IsWhole(count - from)) {
          UnpackRows(tile, classes_, backprop);
        } else {
          UnpackFewRows(tile, classes_, Lanes(count - from), backprop);
        }
      }
    }
  }

  // Classes that are `inner` apart. Whole cache lines of examples are read and
  // written, as several tiles. If classes are a power of two apart, they share few
  // lines of the caches, so a line may be evicted before its other half is read.
  // Memory is fastest with several lines in a row.
  void Columns() {
    for (int64_t p = piece_.begin; p < piece_.end;) {
      const int64_t i = p % inner_;
      const int64_t offset = task_.extents.First(p);
      const int64_t run = inner_ - i < piece_.end - p ? inner_ - i : piece_.end - p;
      const int64_t count = run < tiles_.examples() ? run : tiles_.examples();
      PackColumns(task_.logits + offset, count, tiles_.logits());
      if constexpr (Labels::kAreStored) {
        PackColumns(task_.labels.data + offset, count, tiles_.labels());
      }
      for (int64_t from = 0; from < count; from += most_) {
        Compute(p + from, count - from < most_ ? count - from : most_, from * classes_);
      }
      if (task_.backprop) UnpackColumns(tiles_.logits(), count, task_.backprop + offset);
      p += count;
    }
  }

 private:
  using FewTilesFunction = void (*)(const Smoothing&, int, F*, Labels*, int64_t, const Vec<F>*,
                                    double*);

  template <bool kVeryFew>
  FewTilesFunction FewTilesFor() const {
    return smoothing_.off != 0 ? &FewTiles<true, kVeryFew, Labels, F>
                               : &FewTiles<false, kVeryFew, Labels, F>;
  }

  static void FetchToWrite(const T* to, int64_t count) {
    constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(T));
    for (int64_t i = 0; i < count; i += kLine) __builtin_prefetch(to + i, 1);
  }

  // How many of the remaining examples are in the next tile, and whether PackRows
  // can bring them there.
  static int Lanes(int64_t left) { return static_cast<int>(left < kStep ? left : kStep); }
  bool IsWhole(int64_t left) const { return left >= kStep && classes_ >= kGroup<F>; }

  // Packs up to a tile of rows, and prefetches the rows that are packed next.
  void Pack(const T* tensor, int64_t offset, int64_t left, F* tile) const {
    const T* rows = tensor + offset;
    if (IsWhole(left)) {
      PackRows(rows, classes_, tile, rows + most_ * classes_);
    } else {
      PackFewRows(rows, classes_, Lanes(left), tile);
    }
  }

  // The tiles from `tile` on, with `count` examples from p on.
  void Compute(int64_t p, int64_t count, int64_t tile) {
    Vec<F> coefficients[kMostTiles];
    Labels labels[kMostTiles];
    int tiles = 0;
    for (int64_t from = 0; from < count; from += kStep, ++tiles) {
      const int lanes = Lanes(count - from);
      coefficients[tiles] = CoefficientsFrom(p + from - piece_.begin, lanes);
      labels[tiles] =
          Labels(task_.labels, p + from, lanes, tiles_.labels() + tile + from * classes_);
    }
    double lane_losses[kMostTiles * kStep];
    double* losses = piece_.losses ? piece_.losses + (p - piece_.begin) : nullptr;
    const bool has_room = losses && count == tiles * kStep;
    few_tiles_(smoothing_, tiles, tiles_.logits() + tile, labels, classes_,
               task_.backprop ? coefficients : nullptr, has_room ? losses : lane_losses);
    if (losses && !has_room) {
      std::memcpy(losses, lane_losses, sizeof(double) * static_cast<size_t>(count));
    }
  }

  Vec<F> CoefficientsFrom(int64_t i, int count) const {
    const double unit = task_.unit_coefficient;
    if (!piece_.weights) return Broadcast<F>(static_cast<F>(unit));
    const F* from = piece_.weights + i;
    const Vec<F> weights = count == kStep ? Load(from) : LoadPartial(from, count);
    constexpr int kLast = kStep / kLanes<double> - 1;
    return FromDoubles(F(), ToDoubles(weights, 0) * unit, ToDoubles(weights, kLast) * unit);
  }

  void PackColumns(const T* from, int64_t count, F* tiles) {
    for (int64_t c = 0; c < classes_; ++c) {
      const T* x = from + c * inner_;
      F* to = tiles + c * kStep;
      int64_t i = 0;
      for (; i + kStep <= count; i += kStep) {
        __builtin_prefetch(x + i + count);
        Store(to + i * classes_, Load(x + i));
      }
      if (i < count) Store(to + i * classes_, LoadPartial(x + i, count - i));
    }
  }

  void UnpackColumns(const F* tiles, int64_t count, T* to) {
    for (int64_t c = 0; c < classes_; ++c) {
      T* g = to + c * inner_;
      const F* from = tiles + c * kStep;
      const bool whole_lines = count * static_cast<int64_t>(sizeof(T)) % kLineBytes == 0 &&
                               reinterpret_cast<uintptr_t>(g) % kLineBytes == 0;
      if (task_.stream && whole_lines) {
        for (int64_t i = 0; i < count; i += kStep) {
          StoreStreaming(g + i, Load(from + i * classes_));
        }
        continue;
      }
      int64_t i = 0;
      for (; i + kStep <= count; i += kStep) Store(g + i, Load(from + i * classes_));
      if (i < count) StorePartial(g + i, Load(from + i * classes_), count - i);
    }
  }

  const Task<Loss, T>& task_;
  const Piece<F>& piece_;
  const int64_t classes_, inner_;
  const Smoothing smoothing_;
  const int64_t most_;  // the number of examples that go through FewTiles together
  const FewTilesFunction few_tiles_;
  const Tiles<Loss, T> tiles_;
};

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_LOSSES_SOFTMAX_ACROSS_ROWS_H_
