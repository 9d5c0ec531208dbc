// A backprop tensor times one grad for all examples, for each example, or for each element.
#include "scale_backprop.h"

#include <random>
#include <vector>

#include "testing.h"

namespace keras_xent {
namespace {

template <typename T>
void TestExtents(const Extents& extents, bool is_one_grad) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  std::vector<T> backprop(extents.elements()), scaled(extents.elements());
  std::vector<T> grads(is_one_grad ? 1 : extents.examples());
  for (T& g : backprop) g = FromDouble<T>(normal(random));
  for (T& g : grads) g = FromDouble<T>(normal(random));
  const ScaleTask<T> task = {backprop.data(), grads.data(), is_one_grad, extents, scaled.data()};
  ScaleBackprop(task);
  int64_t wrong = 0;
  for (int64_t i = 0; i < extents.examples(); ++i) {
    for (int64_t c = 0; c < extents.classes; ++c) {
      const int64_t e = extents.First(i) + c * extents.inner;
      const auto product =
          static_cast<Real<T>>(ToDouble(backprop[e]) * ToDouble(grads[is_one_grad ? 0 : i]));
      wrong += ToDouble(scaled[e]) != ToDouble(FromDouble<T>(product));
    }
  }
  Check(wrong == 0, std::string("backprop ") +
                        ToString({extents.outer, extents.classes, extents.inner}) + " of " +
                        NameOf<T>::value + (is_one_grad ? " times one" : " times a grad each") +
                        OnThisSet());
}

template <typename T>
void TestType() {
  for (const bool is_one_grad : {true, false}) {
    TestExtents<T>({70001, 1, 1}, is_one_grad);  // as many grads as elements
    TestExtents<T>({5003, 13, 1}, is_one_grad);
    TestExtents<T>({9000, 9, 1}, is_one_grad);  // the second turn begins at the end of a row
    TestExtents<T>({2, 40000, 1}, is_one_grad);
    TestExtents<T>({3, 21, 1111}, is_one_grad);
    TestExtents<T>({1, 2, 3}, is_one_grad);
  }
}

KERAS_XENT_TEST(Runs::kOnEverySet, TestScaleBackprop) {
  TestType<Half>();
  TestType<BFloat16>();
  TestType<float>();
  TestType<double>();
}

KERAS_XENT_TEST(Runs::kOnce, TestAreAllOne) {
  std::vector<float> grads(1000, 1.0f);
  Check(AreAllOne(grads.data(), 1000), "1000 ones are all one");
  Check(AreAllOne(grads.data(), 0), "zero elements are all one");
  for (const int64_t i : {0, 255, 256, 999}) {
    grads[i] = -1.0f;
    Check(!AreAllOne(grads.data(), 1000), "a single other number is found");
    Check(AreAllOne(grads.data(), i), "the elements before it are all one");
    grads[i] = 1.0f;
  }
}

}  // namespace
}  // namespace keras_xent
