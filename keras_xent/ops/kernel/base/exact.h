// Sums and products of doubles as two numbers: the rounded result and its rounding error.
//
// These are the error-free transformations of Dekker (1971) and Knuth. They stay exact if the
// compiler fuses a product with a sum, as GCC does.
#ifndef KERAS_XENT_BASE_EXACT_H_
#define KERAS_XENT_BASE_EXACT_H_

#include "base/vec.h"

namespace keras_xent {
namespace KERAS_XENT_ISA {

struct DoublePair {
  DoubleVec large, small;
};

// a + b, exactly.
KERAS_XENT_INLINE DoublePair ExactSum(DoubleVec a, DoubleVec b) {
  const DoubleVec sum = a + b;
  const DoubleVec of_b = sum - a;
  return {sum, (a - (sum - of_b)) + (b - of_b)};
}

// a * b, exactly, or within 2^-106 without a fused instruction.
KERAS_XENT_INLINE DoublePair ExactProduct(DoubleVec a, DoubleVec b) {
  const DoubleVec product = a * b;
#if defined(__AVX512F__)
  const DoubleVec lost = BitCast<DoubleVec>(
      _mm512_fmsub_pd(BitCast<__m512d>(a), BitCast<__m512d>(b), BitCast<__m512d>(product)));
#elif defined(__FMA__)
  const DoubleVec lost = BitCast<DoubleVec>(
      _mm256_fmsub_pd(BitCast<__m256d>(a), BitCast<__m256d>(b), BitCast<__m256d>(product)));
#else
  // The upper halves of the mantissas: products of halves are exact.
  const UInt64Vec upper = UInt64Vec{} + ~uint64_t{0x7ffffff};
  const DoubleVec a_upper = BitCast<DoubleVec>(BitCast<UInt64Vec>(a) & upper);
  const DoubleVec b_upper = BitCast<DoubleVec>(BitCast<UInt64Vec>(b) & upper);
  const DoubleVec a_lower = a - a_upper, b_lower = b - b_upper;
  const DoubleVec mixed = a_upper * b_lower + a_lower * b_upper;
  const DoubleVec lost = ((a_upper * b_upper - product) + mixed) + a_lower * b_lower;
#endif
  return {product, lost};
}

}  // namespace KERAS_XENT_ISA
}  // namespace keras_xent

#endif  // KERAS_XENT_BASE_EXACT_H_
