// The processor's floating-point mode during a kernel.
#ifndef KERAS_XENT_BASE_FLOATING_POINT_H_
#define KERAS_XENT_BASE_FLOATING_POINT_H_

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace keras_xent {

// TensorFlow's own threads flush denormals to zero, a Python thread and ours do
// not. While one of these lives, every thread rounds to nearest and keeps
// denormals, so that the bits do not depend on which thread did the work.
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
