// Tensors of more than 2^32 elements, of which a test touches a few pages: where pieces begin and
// end, and what the kernels read and write around the elements 2^31 and 2^32.
#define KERAS_XENT_ISA of_this_test
#include "base/vec.h"
#undef KERAS_XENT_ISA

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "first_out_of_range.h"
#include "losses.h"
#include "reduction.h"
#include "scale_backprop.h"
#include "testing.h"
#include "weighted_loss.h"

namespace keras_xent {
namespace {

constexpr int64_t k31 = int64_t{1} << 31, k32 = int64_t{1} << 32;

// ---- pieces ------------------------------------------------------------------------

KERAS_XENT_TEST(Runs::kOnce, TestPieces) {
  for (const Extents& extents :
       {Extents{k31 - 1, 3, 1}, Extents{k32 + 1, 10, 1}, Extents{k32 / 100, 100, 1},
        Extents{5, k32 + 3, 1}, Extents{3, 5, k32 + 7}, Extents{70001, 3, 70001},
        Extents{k32 + 5, 1, 1}}) {
    const std::string name = ToString({extents.outer, extents.classes, extents.inner});
    const Pieces pieces(extents);
    const int64_t last = pieces.count() - 1;
    Check(pieces.begin(0) == 0 && pieces.end(last) == extents.examples() &&
              pieces.begin(last) < extents.examples(),
          "the pieces of " + name + " begin and end with its examples");
    int64_t wrong = 0;
    for (const int64_t part : {int64_t{1}, k31, k32, extents.examples()}) {
      const int64_t piece = std::min(part / pieces.end(0), last - 1);
      if (piece < 0) continue;
      wrong += pieces.end(piece) != pieces.begin(piece + 1);
      wrong += pieces.end(piece) - pieces.begin(piece) != pieces.end(0);
      wrong += pieces.end(0) > kMostExamplesPerPiece;
    }
    Check(wrong == 0, "the pieces of " + name + " are next to each other");
  }
}

KERAS_XENT_TEST(Runs::kOnce, TestTurns) {
  const int64_t examples = k32 + 4097;
  const Pieces pieces({examples, 1, 1});
  std::atomic<int64_t> covered{0}, beginnings{0};
  ForEachPiece(pieces, [&](int64_t piece) {
    covered += pieces.end(piece) - pieces.begin(piece);
    beginnings += pieces.begin(piece) / kMostExamplesPerPiece;
  });
  const int64_t count = (examples + kMostExamplesPerPiece - 1) / kMostExamplesPerPiece;
  Check(covered == examples && beginnings == count * (count - 1) / 2,
        "each piece of 2^32 examples takes its turn");
  covered = 0;
  std::atomic<int64_t> most{0}, wrong{0};
  ForEachRun(2 * k32 + 1, kElementsPerTurn, [&](int64_t begin, int64_t end) {
    covered += end - begin;
    if (end == 2 * k32 + 1) most = end;
    wrong += begin % kElementsPerTurn != 0;
  });
  Check(covered == 2 * k32 + 1 && most == covered && wrong == 0, "runs cover 2^33 elements");
}

KERAS_XENT_TEST(Runs::kOnce, TestSizes) {
  Check(ElementCount({65536, 65537, 3}) == int64_t{65536} * 65537 * 3, "the number of elements");
  Check(Extents({k31, 4, 3}).elements() == 12 * k31, "the number of logits");
  Check(Extents({k31, 4, 3}).First(3 * k31 - 1) == 12 * (k31 - 1) + 2, "the last example's logits");
  Check(IndexOf(k32 * 3 + 7, {k32, 5}) == Dims({(k32 * 3 + 7) / 5, (k32 * 3 + 7) % 5}),
        "the index of an element");
  const double one = 0.5, few[] = {1, 0, 2};
  const Weights<double> weight(&one), repeated(few, {1, 3}, {k32, 3});
  const int64_t examples = 3 * k32;
  Check(Denominator(Reduction::kSumOverBatchSize, weight, examples) == 0x3p32, "the batch size");
  Check(Denominator(Reduction::kMeanWithSampleWeight, repeated, examples) == 0x3p32,
        "the sum of repeated weights");
  Check(Denominator(Reduction::kSumByNonzeroWeights, repeated, examples) == 0x2p32,
        "the number of repeated weights");
}

// Which lanes have a class of a row of more than 2^32.
KERAS_XENT_TEST(Runs::kOnce, TestLanes) {
  using of_this_test::IsAnyBitSet;
  using of_this_test::LanesBetween;
  for (const int64_t far : {k31, k32, k32 + 1, 2 * k32 + 2, -k31, -k32, 1 - k32}) {
    Check(!IsAnyBitSet(LanesBetween<float>(far, far + 1)) &&
              !IsAnyBitSet(LanesBetween<double>(far, far + 1)),
          "no lane is " + std::to_string(far) + " away");
  }
  Check(LanesBetween<float>(2, k32)[1] == 0 && LanesBetween<float>(2, k32)[2] != 0,
        "lanes up to a far one");
}

// ---- memory that is reserved ---------------------------------------------------------

// Zeros, of which only pages that are written take memory.
class Reserved {
 public:
  explicit Reserved(int64_t bytes) : bytes_(static_cast<size_t>(bytes)) {
    start_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start_ == MAP_FAILED) start_ = nullptr;
  }
  ~Reserved() {
    if (start_) munmap(start_, bytes_);
  }
  Reserved(const Reserved&) = delete;
  Reserved& operator=(const Reserved&) = delete;

  explicit operator bool() const { return start_ != nullptr; }
  template <typename T>
  T* As() const {
    return static_cast<T*>(start_);
  }

 private:
  void* start_;
  size_t bytes_;
};

constexpr int64_t kMostElements = 2 * k32;

struct HugeTensors {
  Reserved logits{kMostElements * 8}, labels{kMostElements * 8}, backprop{kMostElements * 8};
  explicit operator bool() const { return logits && labels && backprop; }
};

bool CanReserve(const HugeTensors& huge) {
  if (huge) return true;
  static bool is_said = false;
  if (!is_said) std::printf("  no address space for huge tensors: their kernels are not tested\n");
  is_said = true;
  return false;
}

// The numbers that a huge tensor has where an example is, and a small one has where its twin is.
template <typename T>
T NumberOf(int64_t example, int64_t c, double scale) {
  const auto mixed = static_cast<uint64_t>(example * 1000003 + c) * 0x9e3779b97f4a7c15;
  return FromDouble<T>(scale * (static_cast<double>(mixed >> 40) * 0x1p-24 - 0.25));
}

// The examples [begin, begin + count), and the same ones in a small tensor, where they are examples
// [twin, twin + count): all results have the same bits.
template <typename Loss, typename T>
int64_t WrongIn(const HugeTensors& huge, const Extents& extents, const Extents& small,
                int64_t begin, int64_t twin, int64_t count, bool is_large) {
  constexpr bool kIsDense = std::is_same_v<typename Loss::template Labels<T>, DenseLabels<T>>;
  Tensor<T> logits(small.elements()), labels(small.elements()), backprop(small.elements());
  std::vector<int64_t> ids(small.examples());
  const auto each = [&](auto at) {
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t c = 0; c < extents.classes; ++c) {
        at(i, c, extents.First(begin + i) + c * extents.inner,
           small.First(twin + i) + c * small.inner);
      }
    }
  };
  each([&](int64_t i, int64_t c, int64_t far, int64_t near) {
    logits[near] = huge.logits.As<T>()[far] = NumberOf<T>(begin + i, c, 8);
    huge.backprop.As<T>()[far] = FromDouble<T>(-7);
    if (kIsDense) labels[near] = huge.labels.As<T>()[far] = NumberOf<T>(c, begin + i, 1);
  });
  for (int64_t i = 0; i < count && !kIsDense; ++i) {
    ids[twin + i] = huge.labels.As<int64_t>()[begin + i] = (begin + i) % extents.classes;
  }
  Task<Loss, T> far, near;
  static_cast<Examples<Loss, T>&>(far) = {huge.logits.As<T>(), {}, extents, 0.1};
  static_cast<Examples<Loss, T>&>(near) = {logits.data(), {}, small, 0.1};
  if constexpr (kIsDense) {
    far.labels = {huge.labels.As<T>()};
    near.labels = {labels.data()};
  } else {
    far.labels = {nullptr, huge.labels.As<int64_t>()};
    near.labels = {nullptr, ids.data()};
  }
  far.backprop = huge.backprop.As<T>();
  near.backprop = backprop.data();
  far.unit_coefficient = near.unit_coefficient = 0.75;
  far.is_large = near.is_large = far.stream = near.stream = is_large;
  far.is_huge = near.is_huge = is_large;
  std::vector<double> far_losses(count), near_losses(count, 1);
  const LossFunction<Loss, T> compute = CurrentKernel<Loss, T>();
  compute(far, {begin, begin + count, nullptr, far_losses.data()});
  compute(near, {twin, twin + count, nullptr, near_losses.data()});
  int64_t wrong = far_losses != near_losses;
  for (int64_t i = 0; i < count; ++i) wrong += !(far_losses[i] != 0);
  each([&](int64_t, int64_t, int64_t from, int64_t to) {
    wrong += std::memcmp(huge.backprop.As<T>() + from, &backprop[to], sizeof(T)) != 0;
  });
  // In the plain formula too.
  const int64_t last = count - 1;
  wrong += Loss::ByLabels(far, begin + last) != Loss::ByLabels(near, twin + last);
  return wrong;
}

template <typename Loss, typename T>
void TestLoss(const HugeTensors& huge) {
  struct {
    Extents extents, small;
  } shapes[] = {
      {{kMostElements / 10, 10, 1}, {256, 10, 1}},     // across rows
      {{kMostElements / 100, 100, 1}, {256, 100, 1}},  // along rows
      {{kMostElements / 63, 9, 7}, {64, 9, 7}},        // across rows, of columns
      {{1, 3, kMostElements / 3}, {1, 3, 512}},       {{kMostElements, 1, 1}, {512, 1, 1}},
  };
  for (const auto& shape : shapes) {
    if ((shape.extents.classes == 1) == Loss::kHasClassAxis) continue;
    const Extents& e = shape.extents;
    int64_t wrong = 0;
    // Around these elements, or examples if the classes are far apart.
    const int64_t of_each = e.inner > 7 ? 1 : e.classes;
    for (const int64_t element : {k31, k32, kMostElements}) {
      for (const bool is_large : {false, true}) {
        // A multiple of 64 * 7 examples, so both are at the same place in their cache lines.
        const int64_t begin = (std::min(element / of_each, e.examples()) / 448 - 1) * 448;
        const int64_t count =
            std::min<int64_t>(std::min<int64_t>(400, shape.small.examples()), e.examples() - begin);
        wrong += WrongIn<Loss, T>(huge, e, shape.small, begin, 0, count, is_large);
      }
    }
    Check(wrong == 0, std::string(Loss::kName) + " of " + NameOf<T>::value + " beyond 2^32 of " +
                          ToString({e.outer, e.classes, e.inner}) + OnThisSet());
  }
}

template <typename T>
void TestScale(const HugeTensors& huge) {
  int64_t wrong = 0;
  for (const Extents& e : {Extents{kMostElements / 10, 10, 1}, Extents{kMostElements / 63, 9, 7},
                           Extents{1, 3, kMostElements / 3}, Extents{kMostElements, 1, 1}}) {
    for (const int64_t near : {k31, k32, e.elements() - 60}) {
      const int64_t begin = near - 100, end = std::min(near + 100, e.elements());
      const auto example_of = [&](int64_t element) {
        return element / (e.classes * e.inner) * e.inner + element % e.inner;
      };
      for (int64_t i = begin; i < end; ++i) {
        huge.logits.As<T>()[i] = NumberOf<T>(i, 0, 4);
        huge.labels.As<T>()[example_of(i)] = NumberOf<T>(example_of(i), 1, 4);
      }
      const ScaleTask<T> task = {huge.logits.As<T>(), huge.labels.As<T>(), false, e,
                                 huge.backprop.As<T>()};
      CurrentKernels<T>().scale(task, begin, end);
      for (int64_t i = begin; i < end; ++i) {
        const auto product = static_cast<Real<T>>(ToDouble(NumberOf<T>(i, 0, 4)) *
                                                  ToDouble(NumberOf<T>(example_of(i), 1, 4)));
        wrong += ToDouble(huge.backprop.As<T>()[i]) != ToDouble(FromDouble<T>(product));
      }
    }
  }
  Check(wrong == 0, std::string("a backprop beyond 2^32 of ") + NameOf<T>::value + OnThisSet());
}

template <typename T>
void TestType(const HugeTensors& huge) {
  TestLoss<SoftmaxCrossEntropy, T>(huge);
  TestLoss<SparseSoftmaxCrossEntropy, T>(huge);
  TestLoss<SigmoidCrossEntropy, T>(huge);
  TestScale<T>(huge);
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestKernels) {
  const HugeTensors huge;
  if (!CanReserve(huge)) return;
  TestType<Half>(huge);
  TestType<BFloat16>(huge);
  TestType<float>(huge);
  TestType<double>(huge);
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestClassIds) {
  const HugeTensors huge;
  if (!CanReserve(huge)) return;
  const auto are_in_range = CurrentInstructionSet().kernels->are_ids_in_range;
  const ClassIds narrow = {huge.labels.As<int32_t>(), nullptr};
  const ClassIds wide = {nullptr, huge.logits.As<int64_t>()};
  for (const int64_t at : {k31, k32, k32 + 777}) {
    huge.labels.As<int32_t>()[at] = -1;
    huge.logits.As<int64_t>()[at] = k32 + 5;
    const auto is_found = [&](const ClassIds& ids, int64_t classes) {
      return are_in_range(ids, at - 500, at, classes) &&
             !are_in_range(ids, at - 500, at + 1, classes);
    };
    Check(is_found(narrow, 10) && is_found(wide, k32 + 5),
          "the class id of example " + std::to_string(at) + OnThisSet());
  }
}

KERAS_XENT_TEST(Runs::kOnce, TestWeights) {
  const HugeTensors huge;
  if (!CanReserve(huge)) return;
  auto* data = huge.logits.As<float>();
  const Dims losses = {70001, 3, 70001};
  for (const Dims& shape : {losses, Dims{70001, 1, 70001}, Dims{1, 3, 70001}, Dims{70001, 3, 1}}) {
    const Weights<float> weights(data, shape, losses);
    const auto offset_of = [&](int64_t example) {
      const Dims index = IndexOf(example, losses);
      int64_t offset = 0;
      for (size_t i = 0; i < 3; ++i) offset = offset * shape[i] + (shape[i] == 1 ? 0 : index[i]);
      return offset;
    };
    int64_t wrong = 0;
    for (const int64_t near : {k31, k32, kMostElements - 300, int64_t{3} * 70001 * 70001 - 300}) {
      if (ElementCount(shape) > kMostElements && near >= kMostElements) continue;
      const int64_t begin = near - 100, end = near + 200;
      for (int64_t i = begin; i < end; ++i) {
        data[offset_of(i)] = static_cast<float>(offset_of(i) % 1000003);
      }
      float room[300];
      const float* some = weights.Of(begin, end, room);
      for (int64_t i = begin; i < end; ++i) {
        wrong += some[i - begin] != static_cast<float>(offset_of(i) % 1000003);
      }
    }
    Check(wrong == 0, "weights " + ToString(shape) + " of more than 2^32 losses");
  }
}

// A whole call, of zeros.
KERAS_XENT_TEST(Runs::kOnce, TestCall) {
#ifndef KERAS_XENT_FEW_CASES
  const int64_t count = k32 + 1;
  const Reserved logits(count * 2), labels(count * 2);
  if (!logits || !labels) return;
  const Examples<SigmoidCrossEntropy, BFloat16> examples = {
      logits.As<BFloat16>(), {labels.As<BFloat16>()}, {count, 1, 1}, 0};
  logits.As<BFloat16>()[k32] = FromDouble<BFloat16>(0x1p40);
  const float one = 1;
  BFloat16 mean;
  Forward<SigmoidCrossEntropy, BFloat16>(examples, Weights<float>(&one),
                                         Reduction::kSumOverBatchSize, &mean, nullptr);
  const double exact = (0x1p32 * std::log(2.0) + 0x1p40) / static_cast<double>(count);
  Check(ToDouble(mean) == ToDouble(FromDouble<BFloat16>(exact)), "the mean of 2^32 + 1 losses");
#endif
}

}  // namespace
}  // namespace keras_xent
