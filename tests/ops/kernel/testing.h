// Shared by the kernels' C++ tests: a list of tests, checks, and a loop over the processor's
// instruction sets. It uses neither TensorFlow nor a test framework.
#ifndef KERAS_XENT_TESTS_TESTING_H_
#define KERAS_XENT_TESTS_TESTING_H_

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "base/convert.h"
#include "base/instruction_set.h"
#include "base/numbers.h"

namespace keras_xent {

void Check(bool condition, const std::string& what);

// Runs once for every instruction set, or only once.
enum class Runs { kOnEverySet, kOnce };
struct Registration {
  Registration(Runs runs, void (*test)());
};
#define KERAS_XENT_TEST(runs, name)                           \
  static void name();                                         \
  static const Registration name##_registration(runs, &name); \
  static void name()

inline std::string OnThisSet() { return std::string(" on ") + CurrentInstructionSet().name; }

template <typename T>
struct NameOf;
template <>
struct NameOf<Half> {
  static constexpr char value[] = "half";
};
template <>
struct NameOf<BFloat16> {
  static constexpr char value[] = "bfloat16";
};
template <>
struct NameOf<float> {
  static constexpr char value[] = "float";
};
template <>
struct NameOf<double> {
  static constexpr char value[] = "double";
};

inline Half Largest(Half) { return {0x7bff}; }
inline BFloat16 Largest(BFloat16) { return {0x7f7f}; }
inline float Largest(float) { return std::numeric_limits<float>::max(); }
inline double Largest(double) { return std::numeric_limits<double>::max(); }

// Half a unit in the last place, and somewhat more for types in which sums are accumulated.
template <typename T>
constexpr double kRelative = 0;
template <>
constexpr double kRelative<Half> = 0x1p-11;
template <>
constexpr double kRelative<BFloat16> = 0x1p-8;
template <>
constexpr double kRelative<float> = 0x1p-22;  // 2 units in the last place, or more
template <>
constexpr double kRelative<double> = 0x1p-48;  // for one chain of thousands of additions

// The number of cases to run, of many random ones.
#ifdef KERAS_XENT_FEW_CASES
constexpr int64_t OfMany(int64_t cases) { return cases / 50 + 1; }
#else
constexpr int64_t OfMany(int64_t cases) { return cases; }
#endif

// A tensor whose memory begins at a cache line, as TensorFlow and the library allocate it.
template <typename T>
struct LineAllocator {
  using value_type = T;
  LineAllocator() = default;
  template <typename U>
  LineAllocator(const LineAllocator<U>&) {}
  T* allocate(size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(kLineBytes)));
  }
  void deallocate(T* data, size_t) { ::operator delete(data, std::align_val_t(kLineBytes)); }
  bool operator==(const LineAllocator&) const { return true; }
  bool operator!=(const LineAllocator&) const { return false; }
};
template <typename T>
using Tensor = std::vector<T, LineAllocator<T>>;

template <typename T>
bool AllNear(const Tensor<T>& got, const std::vector<long double>& wanted, double relative,
             double absolute) {
  if (got.size() != wanted.size()) return false;
  for (size_t i = 0; i < got.size(); ++i) {
    const double g = ToDouble(got[i]);
    const double error = std::fabs(g - static_cast<double>(wanted[i]));
    if (!(error <= relative * std::fabs(static_cast<double>(wanted[i])) + absolute)) {
      std::printf("  [%zu]: got %.9g, wanted %.9g\n", i, g, static_cast<double>(wanted[i]));
      return false;
    }
  }
  return true;
}

// The error in units in the last place of the float32 nearest to the exact value.
inline double Ulps(float got, double exact) {
  int exponent;
  std::frexp(static_cast<float>(exact), &exponent);
  return std::fabs(got - exact) / std::ldexp(1.0, exponent - 24);
}

}  // namespace keras_xent

#endif  // KERAS_XENT_TESTS_TESTING_H_
