// Many classes, next to each other: vectors along the classes of one position.
//
// A row is read block by block. Of each block of logits and labels, while it
// is in the L1 cache, the first look finds the largest logit and whether there
// is any label mass, and the second gathers the sums and keeps exp(x). When
// all blocks are done the row's backprop is written from what was kept. Most
// blocks have neither label mass nor the largest logit, and for those both
// loops are short.
#ifndef KERAS_XENT_ALONG_ROWS_H_
#define KERAS_XENT_ALONG_ROWS_H_

#include <limits>

#include "formula.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

// exps stay in range while logits are at most this much above the one that
// their scale was made for: exp(20) is far from the largest float.
constexpr double kHeadroom = 20;

template <typename F>
constexpr int64_t kBlockClasses = kLanes<F> * kVectorsPerFlush;

// Blocks that get their first look together: few enough for the L1 cache.
constexpr int kBlocksPerLook = 4;

// One row of classes. If the tensors are large it is cut where cache lines of
// backprop begin, so that whole lines can be written past the caches: [0, head)
// is what comes before the first line. [head, body_end) is whole vectors, and
// the rest is less than a vector. A vector that is not whole overlaps its
// neighbour.
template <typename T>
struct Row {
  const T* x;
  const T* y;
  int64_t classes, head, body_end;

  Row(const RowTask<T>& task, int64_t position) : classes(task.classes) {
    constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(T));
    const int64_t offset = position * classes;
    x = task.logits + offset;
    y = task.labels + offset;
    head = task.is_large ? (kLine - offset % kLine) % kLine : 0;
    body_end = classes - (classes - head) % kLanes<Real<T>>;
  }
};

// A block: whole vectors in [body, end), the row's head too if body is the
// head, and the row's tail if end is body_end.
template <typename T>
struct Block {
  using F = Real<T>;
  static constexpr int64_t kStep = kLanes<F>;
  const Row<T>& row;
  int64_t body, end;

  KERAS_XENT_ALWAYS_INLINE Block(const Row<T>& of, int64_t begin) : row(of), body(begin) {
    end = body + kBlockClasses<F> < row.body_end ? body + kBlockClasses<F> : row.body_end;
  }
  int64_t classes() const {
    return (end == row.body_end ? row.classes : end) - (body == row.head ? 0 : body);
  }

  // Calls whole(c) for whole vectors and part(c, lanes) for vectors of which
  // only some lanes are not another's.
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

template <typename F>
struct FirstLook {
  F max;
  bool has_labels;
};

template <typename T>
KERAS_XENT_INLINE FirstLook<Real<T>> LookAt(const Block<T>& block) {
  using F = Real<T>;
  constexpr int64_t kStep = kLanes<F>;
  const T* x = block.row.x;
  const T* y = block.row.y;
  Vec<F> max[2] = {MinusInfinity<F>(), MinusInfinity<F>()};
  Raw<T> labels[2] = {};
  auto look = [&](int64_t c, int i) {
    max[i] = Max<F>(max[i], Load(x + c));
    labels[i] |= LoadRaw<Raw<T>>(y + c);
  };
  int64_t c = block.body;
  for (; c + 2 * kStep <= block.end; c += 2 * kStep) {
    look(c, 0);
    look(c + kStep, 1);
  }
  if (c < block.end) look(c, 0);
  block.AtEdges([&](int64_t e) { look(e, 0); }, [&](int64_t e, Integers<F>) { look(e, 1); });
  return {MaxOfLanes<F>(Max<F>(max[0], max[1])), IsAnyBitSet(labels[0] | labels[1])};
}

// Gathers the row's sums into lane `lane` of `totals` and, if kKeep, leaves
// exp(x) in `exps` and their scales in `notes`. Backprop will be written to `g`, if
// it is written through the caches; otherwise `g` is null.
template <bool kSmoothed, bool kKeep, typename T>
void SweepRow(const Row<T>& row, Real<T>* exps, BlockNotes<Real<T>>* notes, int lane,
              Totals* totals, Real<T>* final_shift, Real<T>* final_power, const T* g) {
  using F = Real<T>;
  using V = Vec<F>;
  constexpr int64_t kStep = kLanes<F>;
  constexpr int64_t kAhead = kBlocksPerLook * kBlockClasses<F>;
  constexpr F kLowest = std::numeric_limits<F>::lowest();
  Sweep<kSmoothed, F> sweep;
  double rest = 0, d = 0;  // what is not in the lanes
  F max = -kInfinity<F>;
  F finite_max = kLowest;  // differences from it are never NaN for want of a finite logit
  F scaled_for = -kInfinity<F>;
  ScaledExp<F> exp;
  const T* const logits = row.x;  // copies, which no store can change
  const T* const labels = row.y;
  int64_t done = 0;
  for (int64_t begin = row.head; begin < row.body_end;) {
    FirstLook<F> found[kBlocksPerLook];
    int blocks = 0;
    F found_max = -kInfinity<F>;
    for (int64_t from = begin; from < row.body_end && blocks < kBlocksPerLook; ++blocks) {
      const Block<T> block(row, from);
      found[blocks] = LookAt(block);
      found_max = found[blocks].max > found_max ? found[blocks].max : found_max;
      from = block.end;
    }
    if (found_max > max || done == 0) {
      const F new_max = found_max > kLowest ? found_max : kLowest;
      if (!(new_max <= scaled_for + static_cast<F>(kHeadroom))) {
        const ScaledExp<F> old = exp;
        exp = ScaledExp<F>::NearTo(Broadcast<F>(new_max));
        if (done > 0) {
          const double factor =
              ScaleRatio<F>(old.shift()[0], old.power()[0], exp.shift()[0], exp.power()[0]);
          sweep.rest.Scale(factor);
          rest *= factor;
        }
        scaled_for = new_max;
      }
      if (done > 0) {
        // What was the largest is one of the rest now.
        rest += sweep.Maxima() * exp(Broadcast<F>(finite_max))[0];
        const double rise = static_cast<double>(new_max) - static_cast<double>(finite_max);
        sweep.yd.AddScaled(sweep.y, -rise);
        d -= rise * static_cast<double>(done);
      }
      sweep.maxima = Integers<F>{};
      max = found_max;
      finite_max = new_max;
    }
    const V m = Broadcast<F>(finite_max);
    for (int b = 0; b < blocks; ++b) {
      const Block<T> block(row, begin);
      const bool is_plain = !found[b].has_labels;
      // What the next look and the writing want is on its way while this block is
      // computed.
      auto for_each_vector = [&](auto add) {
        constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(T));
        int64_t c = block.body;
        for (; c + kLine <= block.end; c += kLine) {
          __builtin_prefetch(logits + c + kAhead);
          __builtin_prefetch(labels + c + kAhead);
          if (kKeep && g) __builtin_prefetch(g + c, 1);
          for (int64_t v = c; v < c + kLine; v += kStep) add(v);
        }
        for (; c < block.end; c += kStep) add(c);
      };
      if (is_plain && found[b].max < max) {
        for_each_vector([&](int64_t c) __attribute__((always_inline)) {
          const V x = Load(logits + c);
          const UnroundedExp<F> e = exp.Unrounded(x);
          if (kKeep) Store(exps + c, e.Rounded());
          sweep.AddUnlabelled(e, x - m);
        });
      } else {
        for_each_vector([&](int64_t c) __attribute__((always_inline)) {
          const V x = Load(logits + c);
          const UnroundedExp<F> e = exp.Unrounded(x);
          if (kKeep) Store(exps + c, e.Rounded());
          sweep.Add(e, x - m, Load(labels + c), x == m);
        });
      }
      auto at_edge = [&](int64_t c, Integers<F> lanes) {
        const V x = Load(logits + c);
        const UnroundedExp<F> e = exp.Unrounded(x);
        if (kKeep) Store(exps + c, e.Rounded());
        sweep.Add({lanes ? e.power_of_two : V{}, lanes ? e.beyond : V{}}, lanes ? x - m : V{},
                  lanes ? Load(labels + c) : V{}, (x == m) & lanes);
      };
      block.AtEdges([&](int64_t c) { at_edge(c, ~Integers<F>{}); }, at_edge);
      sweep.Flush();
      if (kKeep) *notes++ = {exp.shift()[0], exp.power()[0], is_plain};
      done += block.classes();
      begin = block.end;
    }
  }
  totals->max[lane] = max;
  totals->rest[lane] = Total<F>(sweep.rest) + rest;
  totals->maxima[lane] = sweep.Maxima();
  totals->y[lane] = Total<F>(sweep.y);
  totals->yd[lane] = Total<F>(sweep.yd);
  totals->d[lane] = Total<F>(sweep.d) + d;
  *final_shift = exp.shift()[0];
  *final_power = exp.power()[0];
}

// Writes vectors of a block: whole cache lines past the caches if kStream.
template <bool kStream, typename T, typename At>
KERAS_XENT_INLINE void WriteBlock(const Block<T>& block, T* g, At at) {
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

template <bool kStream, typename T>
void WriteRow(const Row<T>& row, const Backprop<Real<T>>& of_row, Real<T> max, Real<T> shift,
              Real<T> power, const Real<T>* exps, const BlockNotes<Real<T>>* notes, T* g) {
  using F = Real<T>;
  using V = Vec<F>;
  Backprop<F> backprop = of_row;
  const V dominant = OfDominant<F>(Broadcast<F>(max), backprop.others);
  for (int64_t begin = row.head; begin < row.body_end; ++notes) {
    const Block<T> block(row, begin);
    if (notes->shift != shift || notes->power != power) {
      const double ratio = ScaleRatio<F>(notes->shift, notes->power, shift, power);
      backprop.inverse = of_row.inverse * static_cast<F>(ratio);
    } else {
      backprop.inverse = of_row.inverse;
    }
    if (notes->is_plain) {
      // In At()'s order, so that nothing overflows or underflows that does not there.
      WriteBlock<kStream>(block, g, [&](int64_t c) {
        return backprop.scale * (Load(exps + c) * backprop.inverse - backprop.off);
      });
    } else {
      WriteBlock<kStream>(block, g, [&](int64_t c) {
        return backprop.At(Load(exps + c), Load(row.y + c), Load(row.x + c) == dominant);
      });
    }
    begin = block.end;
  }
}

// ---- rows without weight -----------------------------------------------------

// Whether all magnitudes are so far from overflow that the row's loss is
// finite whatever it is, with up to 2^25 classes: then a weight of 0 makes it and
// its backprop 0. Otherwise they may be NaN, for 0 times infinity is.
template <typename T>
KERAS_XENT_INLINE bool HasFiniteLoss(const Row<T>& row) {
  using F = Real<T>;
  using Bits = Integers<F>;
  constexpr int64_t kStep = kLanes<F>;
  // As integers the magnitudes are in the same order, with NaN above infinity.
  const Bits sign = BitCast<Bits>(-Vec<F>{});
  const Bits most_logit = BitCast<Bits>(Broadcast<F>(F(0x1p100)));
  const Bits most_label = BitCast<Bits>(Broadcast<F>(F(4)));
  Bits logits = {}, labels = {};
  auto look = [&](int64_t c) {
    const Bits x = BitCast<Bits>(Load(row.x + c)) & ~sign;
    const Bits y = BitCast<Bits>(Load(row.y + c)) & ~sign;
    logits = x > logits ? x : logits;
    labels = y > labels ? y : labels;
  };
  for (int64_t c = 0; c + kStep <= row.classes; c += kStep) look(c);
  look(row.classes - kStep);
  return !IsAnyBitSet((logits > most_logit) | (labels > most_label));
}

template <bool kStream, typename T>
void WriteZeros(const Row<T>& row, T* g) {
  for (int64_t begin = row.head; begin < row.body_end;) {
    const Block<T> block(row, begin);
    WriteBlock<kStream>(block, g, [](int64_t) { return Vec<Real<T>>{}; });
    begin = block.end;
  }
}

// ---- all rows ----------------------------------------------------------------

// Rows of few enough classes go in groups, which share the last step's vectors.
template <typename T>
void AlongRows(const RowTask<T>& task, int64_t begin, int64_t end, double* losses, void* scratch) {
  using F = Real<T>;
  constexpr int kDoubles = kLanes<double>;
  const Smoothing smoothing(task.label_smoothing, task.classes);
  Backprop<F> backprop(smoothing);
  const int group = task.classes <= kMostGroupClasses ? kDoubles : 1;
  F* exps = static_cast<F*>(scratch);
  const int64_t exps_stride = ExpsStride<T>(task.classes);
  auto* notes = reinterpret_cast<BlockNotes<F>*>(exps + group * exps_stride);
  const int64_t notes_stride = NotesStride<T>(task.classes);
  constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(F));
  for (int64_t p = begin; p < end; p += group) {
    const int count = static_cast<int>(end - p < group ? end - p : group);
    Totals totals = {};
    F shifts[kDoubles] = {}, powers[kDoubles] = {};
    DoubleVec shift = {}, power = {};
    F* row_exps[kDoubles];
    bool is_zero[kDoubles];
    for (int r = 0; r < count; ++r) {
      const Row<T> row(task, p + r);
      is_zero[r] = IsWithoutWeight(task, p + r) && HasFiniteLoss(row);
      if (is_zero[r]) continue;
      const T* g = task.backprop && !task.stream ? task.backprop + (p + r) * task.classes : nullptr;
      // As g: whole vectors are aligned.
      row_exps[r] = exps + r * exps_stride + (kLine - row.head % kLine);
      auto* sweep =
          task.backprop
              ? (smoothing.off != 0 ? &SweepRow<true, true, T> : &SweepRow<false, true, T>)
              : (smoothing.off != 0 ? &SweepRow<true, false, T> : &SweepRow<false, false, T>);
      sweep(row, row_exps[r], notes + r * notes_stride, r, &totals, &shifts[r], &powers[r], g);
      shift[r] = shifts[r];
      power[r] = powers[r];
    }
    totals.exp_of_max = ExpOfMax(totals.max, shift, power);
    const Results results = Finish<F>(smoothing, totals);
    for (int r = 0; r < count; ++r) {
      if (losses) losses[p + r - begin] = is_zero[r] ? 0.0 : results.loss[r];
      if (!task.backprop) continue;
      T* g = task.backprop + (p + r) * task.classes;
      if (is_zero[r]) {
        (task.stream ? &WriteZeros<true, T> : &WriteZeros<false, T>)(Row<T>(task, p + r), g);
        continue;
      }
      backprop.inverse = Broadcast<F>(static_cast<F>(results.inverse[r]));
      backprop.others = Broadcast<F>(static_cast<F>(results.others[r]));
      backprop.scale = Broadcast<F>(ScaleAt(task, p + r));
      auto* write = task.stream ? &WriteRow<true, T> : &WriteRow<false, T>;
      write(Row<T>(task, p + r), backprop, static_cast<F>(totals.max[r]), shifts[r], powers[r],
            row_exps[r], notes + r * notes_stride, g);
    }
  }
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_ALONG_ROWS_H_
