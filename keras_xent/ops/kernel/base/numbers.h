// The types of numbers that tensors hold, and what is computed in.
#ifndef KERAS_XENT_BASE_NUMBERS_H_
#define KERAS_XENT_BASE_NUMBERS_H_

#include <cstdint>

// What is compiled for several instruction sets under one name has to be inlined: the
// linker would keep one of them for all.
#define KERAS_XENT_ALWAYS_INLINE inline __attribute__((always_inline))

namespace keras_xent {

// 16-bit floating point numbers as they are stored; arithmetic on them is float.
struct Half {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};

template <typename...>
struct TypeList {};

using Numbers = TypeList<Half, BFloat16, float, double>;

// The type that arithmetic on elements of type T is done in.
template <typename T>
struct RealOf {
  using type = float;
};
template <>
struct RealOf<double> {
  using type = double;
};
template <typename T>
using Real = typename RealOf<T>::type;

// A line of the caches: memory is read and written by these.
constexpr int64_t kLineBytes = 64;

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_NUMBERS_H_
