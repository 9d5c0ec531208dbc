// Class ids, checked before they are used.
#ifndef KERAS_XENT_CLASS_IDS_H_
#define KERAS_XENT_CLASS_IDS_H_

#include <cstdint>
#include <limits>
#include <type_traits>

#include "labels.h"

namespace keras_xent {

// Whether the ids of the examples [begin, end) are in [0, classes).
using AreInRangeFunction = bool (*)(const ClassIds& ids, int64_t begin, int64_t end,
                                    int64_t classes);

#ifdef KERAS_XENT_ISA
namespace KERAS_XENT_ISA {

template <typename Id>
bool AreInRange(const Id* ids, int64_t begin, int64_t end, int64_t classes) {
  using Bits = std::make_unsigned_t<Id>;
  constexpr int64_t kMost = std::numeric_limits<Id>::max();
  const auto last = static_cast<Bits>(classes - 1 < kMost ? classes - 1 : kMost);
  // Negative if an id is negative or too large.
  Bits signs = 0;
  for (int64_t i = begin; i < end; ++i) {
    const auto id = static_cast<Bits>(ids[i]);
    signs |= id | (last - id);
  }
  return static_cast<Id>(signs) >= 0;
}

inline bool AreIdsInRange(const ClassIds& ids, int64_t begin, int64_t end, int64_t classes) {
  return ids.narrow ? AreInRange(ids.narrow, begin, end, classes)
                    : AreInRange(ids.wide, begin, end, classes);
}

}  // namespace KERAS_XENT_ISA
#endif

}  // namespace keras_xent

#endif  // KERAS_XENT_CLASS_IDS_H_
