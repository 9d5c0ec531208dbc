// Converts every half and bfloat16 to a number and back.
#include <cmath>
#include <vector>

#include "base/convert.h"
#include "scale_backprop.h"
#include "testing.h"

namespace keras_xent {
namespace {

KERAS_XENT_TEST(Runs::kOnce, TestScalarConversions) {
  int wrong = 0;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Half h = {static_cast<uint16_t>(bits)};
    const double value = ToDouble(h);
    if (std::isnan(value)) {
      wrong += !std::isnan(ToDouble(FromDouble<Half>(value)));
    } else {
      wrong += FromDouble<Half>(value).bits != bits;
    }
    const BFloat16 b = {static_cast<uint16_t>(bits)};
    const double b_value = ToDouble(b);
    if (!std::isnan(b_value)) wrong += FromDouble<BFloat16>(b_value).bits != bits;
  }
  Check(wrong == 0, "scalar conversions round-trip");
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestVectorConversions) {
  std::vector<Half> halves(0x7c00), scaled(0x7c00);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = {static_cast<uint16_t>(i)};
  for (const float wanted_factor : {1.0f, 0.37f, 3.0f, -1e-3f, 1000.0f}) {
    const Half grad = FromDouble<Half>(wanted_factor);
    const auto factor = static_cast<float>(ToDouble(grad));
    const Extents extents = {static_cast<int64_t>(halves.size()), 1, 1};
    ScaleBackprop<Half>({halves.data(), &grad, true, extents, scaled.data()});
    int wrong = 0;
    for (size_t i = 0; i < halves.size(); ++i) {
      const float product = static_cast<float>(ToDouble(halves[i])) * factor;
      wrong += FromDouble<Half>(product).bits != scaled[i].bits;
    }
    Check(wrong == 0, "vector conversions of half times " + std::to_string(factor) + OnThisSet());
  }
}

}  // namespace
}  // namespace keras_xent
