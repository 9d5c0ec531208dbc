// Fuzzes the kernels' arithmetic with libFuzzer, under AddressSanitizer and
// UndefinedBehaviorSanitizer: see README.md.
//
// The input chooses a loss, a type, sizes, a reduction, weights and values. On every instruction
// set, a call must write its outputs and nothing else, must not change its inputs, and must return
// the same bits for any number of threads, with and without the gradient.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/convert.h"
#include "base/instruction_set.h"
#include "base/thread_pool.h"
#include "first_out_of_range.h"
#include "scale_backprop.h"
#include "weighted_loss.h"

namespace keras_xent {
namespace {

constexpr int64_t kMostElements = 1 << 17;  // several pieces of any loss
constexpr int kThreads[] = {1, 2, 3};

void Hold(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "%s, on %s\n", what.c_str(), CurrentInstructionSet().name);
  std::abort();
}

// The input's bytes. After the last one, they start again.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  uint8_t Next() { return size_ == 0 ? 0 : data_[next_++ % size_]; }
  // A number in [0, most].
  int64_t UpTo(int64_t most) {
    const int64_t low = Next();
    return (low | Next() << 8) % (most + 1);
  }
  template <typename T>
  T Raw() {
    uint8_t bytes[sizeof(T)];
    for (uint8_t& byte : bytes) byte = Next();
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    return value;
  }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t next_ = 0;
};

// A tensor whose memory ends at its last element, so AddressSanitizer finds a write or a read after
// it. In front of it are bytes that must stay what they are. It begins `offset` elements after a
// cache line.
template <typename T>
class Array {
 public:
  Array(int64_t count, int64_t offset)
      : count_(static_cast<size_t>(count)),
        before_(static_cast<size_t>(kLineBytes) + static_cast<size_t>(offset) * sizeof(T)) {
    void* memory = nullptr;
    const size_t bytes = before_ + count_ * sizeof(T);
    Hold(posix_memalign(&memory, kLineBytes, bytes) == 0, "no memory for the fuzzer");
    memory_.reset(static_cast<uint8_t*>(memory));
    std::memset(memory, kFill, bytes);
  }
  T* data() const { return reinterpret_cast<T*>(memory_.get() + before_); }
  bool IsUntouchedBefore() const {
    return std::all_of(memory_.get(), memory_.get() + before_,
                       [](uint8_t byte) { return byte == kFill; });
  }
  std::vector<uint8_t> Bits() const {
    return std::vector<uint8_t>(memory_.get() + before_,
                                memory_.get() + before_ + count_ * sizeof(T));
  }

 private:
  static constexpr uint8_t kFill = 0x5a;
  struct Free {
    void operator()(uint8_t* memory) const { std::free(memory); }
  };
  size_t count_, before_;
  std::unique_ptr<uint8_t, Free> memory_;
};

// Moderate numbers, numbers with something special about them, or any bits.
template <typename T>
Array<T> MakeNumbers(Bytes& bytes, int64_t count) {
  static const double kSpecial[] = {0.0,     -0.0,   1.0,      -1.0,     0.5,       88.7,
                                    -103.9,  1e4,    -1e4,     65504.0,  1e30,      -1e30,
                                    -1e9,    1e-40,  -1e-45,   6e-8,     3.4e38,    -3.4e38,
                                    1.7e308, 2e-308, 4.9e-324, INFINITY, -INFINITY, NAN};
  constexpr size_t kSpecials = sizeof(kSpecial) / sizeof(kSpecial[0]);
  Array<T> numbers(count, bytes.UpTo(15));
  const int how = bytes.Next() % 4;
  for (int64_t i = 0; i < count; ++i) {
    T& number = numbers.data()[i];
    switch (how) {
      case 0:
        number = bytes.Raw<T>();
        break;
      case 1:
        number = FromDouble<T>(kSpecial[bytes.Next() % kSpecials]);
        break;
      case 2:
        number = FromDouble<T>((bytes.Next() - 128) / 16.0);
        break;
      default:  // mostly moderate
        const int64_t rare = bytes.Next();
        number = FromDouble<T>(rare > 250 ? kSpecial[bytes.Next() % kSpecials] : rare / 32.0 - 4);
    }
  }
  return numbers;
}

Extents MakeExtents(Bytes& bytes, bool has_class_axis) {
  Extents extents;
  switch (bytes.Next() % 8) {
    case 0:  // long rows
      extents = {bytes.UpTo(9), bytes.UpTo(9000), 1};
      break;
    case 1:  // many examples
      extents = {bytes.UpTo(20000), bytes.UpTo(20), 1};
      break;
    case 2:  // a class axis in front
      extents = {bytes.UpTo(3), bytes.UpTo(40), bytes.UpTo(2000)};
      break;
    default:  // around the vectors' widths
      extents = {bytes.UpTo(20), bytes.UpTo(70), bytes.Next() % 2 ? 1 : bytes.UpTo(40)};
  }
  if (!has_class_axis) return {std::min(extents.elements(), kMostElements), 1, 1};
  const int64_t of_each = std::max<int64_t>(extents.classes * extents.inner, 1);
  extents.outer = std::min(extents.outer, kMostElements / of_each);
  return extents;
}

// A smoothing, which the ops check to be in [0, 1].
double MakeSmoothing(Bytes& bytes) {
  const uint8_t byte = bytes.Next();
  if (byte < 64) return 0;
  if (byte < 72) return 1;
  if (byte < 80) return 1e-310;
  return byte / 256.0;
}

template <typename T>
struct MadeLabels {
  Array<T> stored;
  MadeLabels(Bytes& bytes, const Extents& extents)
      : stored(MakeNumbers<T>(bytes, extents.elements())) {}
  DenseLabels<T> Get() const { return {stored.data()}; }
  bool Fits(const Extents&) const { return true; }
  bool IsUntouchedBefore() const { return stored.IsUntouchedBefore(); }
  std::vector<uint8_t> Bits() const { return stored.Bits(); }
};

struct MadeIds {
  Array<int32_t> narrow;
  Array<int64_t> wide;
  bool is_wide;
  MadeIds(Bytes& bytes, const Extents& extents)
      : narrow(extents.examples(), bytes.UpTo(15)),
        wide(extents.examples(), bytes.UpTo(7)),
        is_wide(bytes.Next() % 2 == 1) {
    const bool any = bytes.Next() % 8 == 0;  // also outside of the classes
    for (int64_t i = 0; i < extents.examples(); ++i) {
      int64_t id = any ? bytes.Raw<int64_t>() : bytes.UpTo(65535);
      if (!any) id %= std::max<int64_t>(extents.classes, 1);
      wide.data()[i] = id;
      narrow.data()[i] = static_cast<int32_t>(id);
    }
  }
  ClassIds Get() const {
    return is_wide ? ClassIds{nullptr, wide.data()} : ClassIds{narrow.data(), nullptr};
  }
  // Whether a kernel may get them, checked by the library and one by one.
  bool Fits(const Extents& extents) const {
    const ClassIds ids = Get();
    const int64_t examples = extents.examples();
    int64_t first = 0;
    while (first < examples && ids[first] >= 0 && ids[first] < extents.classes) ++first;
    Hold(FirstOutOfRange(ids, examples, extents.classes) == first, "another first wrong class id");
    return first == examples;
  }
  bool IsUntouchedBefore() const { return narrow.IsUntouchedBefore() && wide.IsUntouchedBefore(); }
  std::vector<uint8_t> Bits() const { return is_wide ? wide.Bits() : narrow.Bits(); }
};

template <typename Labels>
struct MadeFor;
template <typename T>
struct MadeFor<DenseLabels<T>> {
  using type = MadeLabels<T>;
};
template <>
struct MadeFor<ClassIds> {
  using type = MadeIds;
};

template <typename Loss, typename T>
class Calls {
 public:
  explicit Calls(Bytes& bytes)
      : extents_(MakeExtents(bytes, Loss::kHasClassAxis)),
        smoothing_(MakeSmoothing(bytes)),
        reduction_(static_cast<Reduction>(bytes.Next() % 5)),
        weights_shape_(MakeWeightsShape(bytes)),
        is_large_(bytes.Next() % 2 == 1),
        is_huge_(bytes.Next() % 2 == 1),
        backprop_offset_(bytes.Next() % 2 ? 0 : bytes.UpTo(15)),
        weights_(MakeNumbers<Real<T>>(bytes, ElementCount(weights_shape_))),
        logits_(MakeNumbers<T>(bytes, extents_.elements())),
        labels_(bytes, extents_),
        grads_(MakeNumbers<T>(bytes, extents_.examples())) {}

  void Run() const {
    const auto inputs = Inputs();
    for (int n = 0; const InstructionSet* set = UsableInstructionSet(n); ++n) {
      SelectInstructionSet(set->name);
      if (!labels_.Fits(extents_)) continue;
      std::vector<std::vector<uint8_t>> first;
      for (const int threads : kThreads) {
        SetNumThreads(threads);
        const auto outputs = Outputs();
        if (first.empty()) first = outputs;
        Hold(outputs == first, "other bits with " + std::to_string(threads) + " threads");
      }
    }
    Hold(Inputs() == inputs, "an input has changed");
    Hold(weights_.IsUntouchedBefore() && logits_.IsUntouchedBefore() &&
             labels_.IsUntouchedBefore() && grads_.IsUntouchedBefore(),
         "a write in front of an input");
  }

 private:
  // The losses as (a, b, inner), and weights that can be broadcast to them.
  Dims LossesShape() const { return {extents_.outer, 1, extents_.inner}; }
  Dims MakeWeightsShape(Bytes& bytes) const {
    const uint8_t which = bytes.Next();
    if (which % 5 == 4) return {};
    Dims shape = LossesShape();
    for (size_t i = 0; i < shape.size(); ++i) {
      if (which >> i & 1) shape[i] = 1;
    }
    return shape;
  }
  Weights<Real<T>> GetWeights() const {
    if (weights_shape_.empty()) return Weights<Real<T>>(weights_.data());
    return Weights<Real<T>>(weights_.data(), weights_shape_, LossesShape());
  }
  Examples<Loss, T> GetExamples() const {
    return {logits_.data(), labels_.Get(), extents_, smoothing_};
  }

  std::vector<std::vector<uint8_t>> Inputs() const {
    return {logits_.Bits(), labels_.Bits(), weights_.Bits(), grads_.Bits()};
  }

  // Calls every function once. Returns the bits of all outputs.
  std::vector<std::vector<uint8_t>> Outputs() const {
    const bool is_reduced = reduction_ != Reduction::kNone;
    const int64_t values = is_reduced ? 1 : extents_.examples();
    Array<T> evaluated(values, 0), trained(values, 0), backprop = NewBackprop();
    Forward<Loss, T>(GetExamples(), GetWeights(), reduction_, evaluated.data(), nullptr);
    Forward<Loss, T>(GetExamples(), GetWeights(), reduction_, trained.data(), backprop.data());
    Hold(evaluated.Bits() == trained.Bits(), "another value with the gradient");

    Array<T> gradient = NewBackprop();
    WeightedBackprop<Loss, T>(GetExamples(), GetWeights(), gradient.data());
    Array<T> as_large = NewBackprop();
    ComputeAsLarge(as_large.data());
    Array<T> scaled = NewBackprop();
    ScaleBackprop<T>({backprop.data(), grads_.data(), false, extents_, scaled.data()});
    Hold(evaluated.IsUntouchedBefore() && trained.IsUntouchedBefore() &&
             backprop.IsUntouchedBefore() && gradient.IsUntouchedBefore() &&
             as_large.IsUntouchedBefore() && scaled.IsUntouchedBefore(),
         "a write in front of an output");
    return {evaluated.Bits(), backprop.Bits(), gradient.Bits(), as_large.Bits(), scaled.Bits()};
  }

  Array<T> NewBackprop() const { return {extents_.elements(), backprop_offset_}; }

  // The gradient, written the way that it is in tensors of many megabytes.
  void ComputeAsLarge(T* backprop) const {
    Task<Loss, T> task = MakeTask(GetExamples(), backprop, 1.0);
    task.is_large = is_large_;
    task.stream = is_large_ && backprop_offset_ == 0;
    task.is_huge = is_huge_;
    const LossFunction<Loss, T> compute = CurrentKernel<Loss, T>();
    const Pieces pieces(extents_);
    ForEachPiece(pieces, [&](int64_t piece) {
      std::vector<double> losses(static_cast<size_t>(pieces.end(piece) - pieces.begin(piece)));
      compute(task, {pieces.begin(piece), pieces.end(piece), nullptr, losses.data()});
    });
  }

  const Extents extents_;
  const double smoothing_;
  const Reduction reduction_;
  const Dims weights_shape_;
  const bool is_large_, is_huge_;
  const int64_t backprop_offset_;
  const Array<Real<T>> weights_;
  const Array<T> logits_;
  const typename MadeFor<typename Loss::template Labels<T>>::type labels_;
  const Array<T> grads_;
};

template <typename Loss, typename... T>
void RunWithType(Bytes& bytes, uint8_t which, TypeList<T...>) {
  size_t index = 0;
  ((which % sizeof...(T) == index++ ? Calls<Loss, T>(bytes).Run() : void()), ...);
}

template <typename... Loss>
void RunLoss(Bytes& bytes, TypeList<Loss...>) {
  const uint8_t which = bytes.Next(), type = bytes.Next();
  size_t index = 0;
  ((which % sizeof...(Loss) == index++ ? RunWithType<Loss>(bytes, type, Numbers()) : void()), ...);
}

}  // namespace
}  // namespace keras_xent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  keras_xent::Bytes bytes(data, size);
  keras_xent::RunLoss(bytes, keras_xent::Losses());
  return 0;
}
