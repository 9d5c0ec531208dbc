"""The kernels' mutants, made by hand: signs, clamps, ties, rounding, and the ends of loops."""

from __future__ import annotations

from typing import NamedTuple

_SIGMOID = "losses/sigmoid_cross_entropy.h"
_SPARSE = "losses/sparse_softmax_cross_entropy.h"
_ACROSS = "losses/softmax/across_rows.h"
_ALONG = "losses/softmax/along_rows.h"
_SWEEP = "losses/softmax/sweep_row.h"
_FORMULA = "losses/softmax/formula.h"
_SUMS = "losses/softmax/sums.h"


class KernelMutant(NamedTuple):
    """In a file, text that occurs there once, and what replaces it.

    `why` is the reason if the mutant survives.
    """

    path: str
    old: str
    new: str
    why: str = ""


_RECOMPUTED = "Only losses of infinite logits change, to NaN, and unusual_losses.h recomputes them."

KERNEL_MUTANTS = [
    KernelMutant(*mutant)
    for mutant in [
        # Signs.
        (
            _SIGMOID,
            "element.opposite = bits < 0 ? y : F(1) - y",
            "element.opposite = bits < 0 ? F(1) - y : y",
        ),
        (
            _SIGMOID,
            "BitCast<Bits>(coefficients) ^ element.sign_bit",
            "BitCast<Bits>(coefficients) | element.sign_bit",
        ),
        (_SIGMOID, "return element.sign_bit < 0 ? V{} : lost;", "return lost;"),
        (
            _SIGMOID,
            "const V lost = (F(1) - element.opposite) - element.label;",
            "const V lost = element.label - (F(1) - element.opposite);",
        ),
        (_FORMULA, "exp * inverse - (labels * on + off)", "exp * inverse - (labels * on - off)"),
        (_FORMULA, "(is_label ? on + off : off)", "(is_label ? on : off)"),
        (
            _FORMULA,
            "is_label ? one_minus_off - others : on + one_minus_off - others",
            "is_label ? one_minus_off - others : on - one_minus_off - others",
        ),
        (_FORMULA, "smoothing.on * (t.y * log_s - t.yd)", "smoothing.on * (t.y * log_s + t.yd)"),
        (_FORMULA, "smoothing.classes * log_s - t.d", "smoothing.classes * log_s + t.d"),
        (
            "base/exp.h",
            "(shifts + powers * DoubleExp::kLn2High) + powers",
            "(shifts + powers * DoubleExp::kLn2High) - powers",
        ),
        # What is left out.
        (
            _FORMULA,
            " + (t.max - t.max);",
            ";",
            "If the largest logit is infinite, exp_of_max or the inverse is already NaN.",
        ),
        (_FORMULA, "(t.maxima - 1.0) * t.exp_of_max", "t.maxima * t.exp_of_max"),
        (
            _SUMS,
            "rest.Add({is_max ? V{} : exp.power_of_two, exp.beyond});",
            "rest.Add({exp.power_of_two, exp.beyond});",
        ),
        (
            _SUMS,
            "yd.AddProduct(labels, labels == V{} ? V{} : difference);",
            "yd.AddProduct(labels, difference);",
            _RECOMPUTED,
        ),
        (
            _SUMS,
            "label * (label == DoubleVec{} ? DoubleVec{} : difference)",
            "label * difference",
            _RECOMPUTED,
        ),
        (_SWEEP, "sums_.rest.Scale(ratio);", ""),
        (_SWEEP, "rest_ *= ratio;", ""),
        (_SWEEP, "label_sums_.Rise(rise);", ""),
        (_SWEEP, "d_ -= rise * static_cast<double>(done_);", ""),
        (_SWEEP, "sums_.maxima = Integers<F>{};", ""),
        (_SWEEP, "const V difference = lanes ? x - m : V{};", "const V difference = x - m;"),
        (_SWEEP, "(x == m) & lanes", "x == m"),
        (
            _ALONG,
            "backprop.inverse = of_row.inverse * static_cast<F>(ratio);",
            "backprop.inverse = of_row.inverse;",
        ),
        (_ALONG, "&& HasFiniteLoss(row)", ""),
        (_ALONG, "look(row.classes - kStep);", ""),
        (
            _SIGMOID,
            "element.opposite == without_distance_ ? V{} : BitCast<V>(bits & ~sign_)",
            "BitCast<V>(bits & ~sign_)",
            _RECOMPUTED,
        ),
        (_SIGMOID, "(sum.small + log1p.small)", "sum.small"),
        (_SIGMOID, "lost_of_e - s * lost_of_divisor", "lost_of_e"),
        ("base/sums.h", "const V beyond = beyond_ + lost_;", "const V beyond = beyond_;"),
        ("base/log1p.h", " + n * 0x1.ef35793c7673p-45;", ";"),
        # Clamps and limits.
        ("base/exp.h", "z = Max<F>(z, lowest_);", "z = Max<F>(lowest_, z);"),
        ("base/vec.h", "return b > a ? b : a;", "return b < a ? a : b;"),
        ("base/vec.h", "n < 0 ? 0 : n > kLanes<F> ? kLanes<F> : n", "n < 0 ? 0 : n"),
        (_SWEEP, "constexpr double kHeadroom = 20;", "constexpr double kHeadroom = 200;"),
        (_SWEEP, "found_max > kLowest ? found_max : kLowest", "found_max"),
        (
            _SWEEP,
            "found_max > max_ || done_ == 0",
            "found_max >= max_ || done_ == 0",
            "An equal logit joins the rest as an exp instead of the maxima: the same sum.",
        ),
        (_SWEEP, "found.max < max_ &&", "found.max <= max_ &&"),
        (_FORMULA, "return others > F(0.5) ?", "return others > F(2) ?"),
        (
            "class_ids.h",
            "classes - 1 < kMost ? classes - 1 : kMost",
            "classes < kMost ? classes : kMost",
        ),
        ("class_ids.h", "return static_cast<Id>(signs) >= 0;", "return true;"),
        (
            "base/convert.h",
            "magnitude >= 65520.0",
            "magnitude > 65520.0",
            "The code below rounds 65520 to even, which is infinity.",
        ),
        ("base/convert.h", "bits + 0x7fffu + ((bits >> 16) & 1u)", "bits + 0x8000u"),
        (
            "base/vec.h",
            "(bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;\n  UInt32Vec quiet",
            "(bits + 0x8000u) >> 16;\n  UInt32Vec quiet",
        ),
        (
            "base/vec.h",
            "return __builtin_convertvector(is_nan ? quiet_nan : rounded, UInt16Vec);",
            "return __builtin_convertvector(rounded, UInt16Vec);",
            "The low bits of every NaN that gets here are 0, so rounding leaves it NaN.",
        ),
        (
            "unusual_losses.h",
            "if (!(std::fabs(loss) <= kMostUsualLoss<F>)) {",
            "if (std::fabs(loss) > kMostUsualLoss<F>) {",
        ),
        ("unusual_losses.h", "loss = InRange<F>(loss);", ""),
        ("reduction.h", "if (stored == 0) return sum > 0 ? sum : 0.0;", ""),
        # The ends of loops.
        (
            _SIGMOID,
            "for (; i + kStep <= count; i += kStep) {\n    const auto element",
            "for (; i + kStep < count; i += kStep) {\n    const auto element",
        ),
        (
            _SIGMOID,
            "if (i < count) {\n    const int64_t left = count - i;",
            "if (i < count - 1) {\n    const int64_t left = count - i;",
        ),
        (
            _SIGMOID,
            "StorePartial(backprop + i, g, left);",
            "StorePartial(backprop + i, g, left - 1);",
        ),
        (
            _ACROSS,
            "for (; c < classes; ++c) add(c);\n    sums.Flush();",
            "for (; c + 1 < classes; ++c) add(c);\n    sums.Flush();",
        ),
        (
            _ACROSS,
            "if (i < count) Store(to + i * classes_, LoadPartial(x + i, count - i));",
            "if (i < count) Store(to + i * classes_, LoadPartial(x + i, count - i - 1));",
        ),
        (
            _ACROSS,
            "if (i < count) StorePartial(g + i, Load(from + i * classes_), count - i);",
            "if (i < count) Store(g + i, Load(from + i * classes_));",
        ),
        (
            _ACROSS,
            "return left >= kStep && classes_ >= kGroup<F>;",
            "return left >= kStep - 1 && classes_ >= kGroup<F>;",
        ),
        (
            _ACROSS,
            "const int64_t run = inner_ - i < piece_.end - p ? inner_ - i : piece_.end - p;",
            "const int64_t run = piece_.end - p;",
        ),
        (
            "losses/softmax/tiles.h",
            "for (int64_t c = 0; c < classes; c += n) {\n"
            "    if (c + n > classes) c = classes - n;\n    Vec<F> v[n];",
            "for (int64_t c = 0; c + n <= classes; c += n) {\n    Vec<F> v[n];",
        ),
        (
            "losses/softmax/row.h",
            "for (; c + kStep <= row.head; c += kStep) whole(c);",
            "for (; c + kStep < row.head; c += kStep) whole(c);",
            "The last whole vector is then read as a part with all of its lanes.",
        ),
        (
            "losses/softmax/row.h",
            "part(from, LanesBetween<F>(end - from, kStep));",
            "part(from, LanesBetween<F>(end - from + 1, kStep));",
        ),
        ("losses/softmax/row.h", "end == row.body_end ? row.classes : end", "end"),
        (_SWEEP, "if (c < block.end) look(c, 0);", ""),
        (
            _SPARSE,
            "id_ < block.classes_end()",
            "id_ <= block.classes_end()",
            "The block is then searched for the label, which isn't there.",
        ),
        (_SPARSE, "block.first_class() <= id_", "block.first_class() < id_"),
        (_SPARSE, "LanesBetween<F>(id_ - c, id_ - c + 1)", "LanesBetween<F>(id_ - c, id_ - c + 2)"),
        (
            _SPARSE,
            "for (int i = 0; i < lanes; ++i) lane_ids[i] = ids.narrow[example + i];",
            "for (int i = 0; i < kLanes<F>; ++i) lane_ids[i] = ids.narrow[example + i];",
        ),
        (
            "scale.h",
            "StorePartial(to + i, LoadPartial(from + i, count - i) * grads, count - i);",
            "StorePartial(to + i, LoadPartial(from + i, count - i) * grads, count - i - 1);",
        ),
        ("scale.h", "task.grads + e / (classes * inner) * inner;", "task.grads + e / classes;"),
        ("scale.h", "LoadOne(task.grads + e / length)", "LoadOne(task.grads + (e + 1) / length)"),
        ("element_losses.h", "most_bits = bits > most_bits ? bits : most_bits;", ""),
        (
            "element_losses.h",
            "CopyFew<kStep / 2>(piece.losses + i, losses, count - i);",
            "CopyFew<kStep / 2>(piece.losses + i, losses, count - i - 1);",
        ),
        # Weights, pieces and denominators.
        (
            "weights.h",
            "axes_[i].stride = axes_[i].repeats ? 0 : stride;",
            "axes_[i].stride = stride;",
        ),
        (
            "weights.h",
            "offset += axes_[i - 1].stride - axes_[i].stride * axes_[i].size;",
            "offset += axes_[i - 1].stride;",
        ),
        ("reduction.h", "return total * examples_of_each;", "return total;"),
        ("reduction.h", "return weights.one() != 0 ? count : 0.0;", "return count;"),
        (
            "reduction.h",
            "[](F weight) { return weight != 0; }",
            "[](F weight) { return weight > 0; }",
        ),
        ("reduction.h", "if (examples == 0) return 0;", ""),
        ("pieces.h", "return (examples_ + size_ - 1) / size_;", "return examples_ / size_ + 1;"),
        (
            "weighted_loss.h",
            "*value = FromDouble<T>(denominator != 0 ? total / denominator : 0.0);",
            "*value = FromDouble<T>(total / denominator);",
        ),
        (
            "weighted_loss.h",
            "(denominator != 0 ? 1.0 / denominator : 0.0) * one_weight",
            "(1.0 / denominator) * one_weight",
        ),
        ("weighted_loss.h", "weighted = AddUp<Loss>(piece, one_weight, values);\n    }", "}"),
        ("weighted_loss.h", "total = InRange<Real<T>>(total);", ""),
        ("scale_backprop.h", "if (differs) return false;", ""),
        (
            "first_out_of_range.h",
            "while (ids[example] >= 0 && ids[example] < classes) ++example;",
            "while (ids[example] < classes) ++example;",
        ),
    ]
]
