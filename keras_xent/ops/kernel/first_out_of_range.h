// Finds the first class id that is out of range, on all threads.
#ifndef KERAS_XENT_FIRST_OUT_OF_RANGE_H_
#define KERAS_XENT_FIRST_OUT_OF_RANGE_H_

#include <atomic>
#include <cstdint>

#include "kernels.h"
#include "labels.h"
#include "pieces.h"

namespace keras_xent {

// The first example whose id is not in [0, classes), or `examples`.
inline int64_t FirstOutOfRange(const ClassIds& ids, int64_t examples, int64_t classes) {
  constexpr int64_t kMost = 1 << 18;  // for fewer, threads don't pay off
  const AreInRangeFunction are_in_range = CurrentInstructionSet().kernels->are_ids_in_range;
  std::atomic<bool> is_any_wrong{false};
  ForEachRun(examples, kMost, [&](int64_t begin, int64_t end) {
    if (!are_in_range(ids, begin, end, classes)) is_any_wrong = true;
  });
  if (!is_any_wrong) return examples;
  int64_t example = 0;
  while (ids[example] >= 0 && ids[example] < classes) ++example;
  return example;
}

}  // namespace keras_xent

#endif  // KERAS_XENT_FIRST_OUT_OF_RANGE_H_
