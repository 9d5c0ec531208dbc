// Splits a tensor's examples into pieces, and shares the pieces among threads.
#ifndef KERAS_XENT_PIECES_H_
#define KERAS_XENT_PIECES_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <new>

#include "base/floating_point.h"
#include "base/thread_pool.h"
#include "shapes.h"

namespace keras_xent {

constexpr int64_t kElementsPerTurn = 32768;
constexpr int64_t kMostExamplesPerPiece = 4096;

// The pieces depend only on the tensor's shape, not on the number of threads. So each
// piece's partial sum, and the result's bits, stay the same.
class Pieces {
 public:
  explicit Pieces(const Extents& extents) : examples_(extents.examples()) {
    // Pieces end at multiples of this. So vectors across examples are full and, if the
    // class axis is not the last, whole cache lines are used.
    constexpr int64_t kStep = 16;
    const int64_t wanted = kElementsPerTurn / std::max<int64_t>(extents.classes, 1);
    size_ = std::min(wanted, kMostExamplesPerPiece);
    size_ -= size_ % kStep;
    const int64_t least = extents.inner > 1 ? kStep : 1;
    size_ = std::max({size_, std::min(wanted, kStep), least});
    per_turn_ = std::max<int64_t>(wanted / size_, 1);
  }

  int64_t count() const { return (examples_ + size_ - 1) / size_; }
  int64_t begin(int64_t piece) const { return piece * size_; }
  int64_t end(int64_t piece) const { return std::min(examples_, (piece + 1) * size_); }
  // A thread takes this many at a time. Otherwise taking turns would cost more than the work.
  int64_t per_turn() const { return per_turn_; }

 private:
  int64_t examples_, size_, per_turn_;
};

// Calls body(i) for every i in [0, count), on all threads, in one floating-point mode.
// Throws std::bad_alloc if a call on any thread did.
template <typename Body>
void OnAllThreads(int64_t count, const Body& body) {
  std::atomic<bool> out_of_memory{false};
  auto guarded = [&](int64_t i) {
    IeeeArithmetic ieee;
    try {
      body(i);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  };
  ParallelFor(count, guarded);
  if (out_of_memory) throw std::bad_alloc();
}

// Calls body(piece) for every piece.
template <typename Body>
void ForEachPiece(const Pieces& pieces, const Body& body) {
  const int64_t per_turn = pieces.per_turn();
  OnAllThreads((pieces.count() + per_turn - 1) / per_turn, [&](int64_t turn) {
    const int64_t end = std::min(pieces.count(), (turn + 1) * per_turn);
    for (int64_t piece = turn * per_turn; piece < end; ++piece) body(piece);
  });
}

// Calls body(begin, end) for runs of up to `most` that make up [0, count).
template <typename Body>
void ForEachRun(int64_t count, int64_t most, const Body& body) {
  OnAllThreads((count + most - 1) / most,
               [&](int64_t run) { body(run * most, std::min(count, (run + 1) * most)); });
}

}  // namespace keras_xent

#endif  // KERAS_XENT_PIECES_H_
