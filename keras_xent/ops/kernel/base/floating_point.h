// Sets the processor's floating-point mode during a kernel.
#ifndef KERAS_XENT_BASE_FLOATING_POINT_H_
#define KERAS_XENT_BASE_FLOATING_POINT_H_

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace keras_xent {

// TensorFlow's threads flush denormals to zero. Python's threads and ours don't.
// While an IeeeArithmetic exists, its thread rounds to nearest and keeps
// denormals, so the bits don't depend on which thread did the work.
class IeeeArithmetic {
 public:
#if defined(__x86_64__)
  IeeeArithmetic() : saved_(_mm_getcsr()) { _mm_setcsr(kDefaultMode); }
  ~IeeeArithmetic() { _mm_setcsr(saved_); }

 private:
  static constexpr unsigned kDefaultMode = 0x1f80;  // all exceptions masked
  unsigned saved_;
#else
  IeeeArithmetic() {}
  ~IeeeArithmetic() {}
#endif
  IeeeArithmetic(const IeeeArithmetic&) = delete;
  IeeeArithmetic& operator=(const IeeeArithmetic&) = delete;
};

}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_FLOATING_POINT_H_
