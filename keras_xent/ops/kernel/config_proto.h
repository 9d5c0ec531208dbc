// The one field of a serialized ConfigProto that matters here.
#ifndef KERAS_XENT_CONFIG_PROTO_H_
#define KERAS_XENT_CONFIG_PROTO_H_

#include <cstddef>
#include <cstdint>

namespace keras_xent {

// intra_op_parallelism_threads, which is field 2 of ConfigProto (a varint), or
// 0 if it isn't set or the bytes are not understood.
// https://protobuf.dev/programming-guides/encoding/
inline int IntraOpThreads(const void* data, size_t length) {
  const auto* next = static_cast<const uint8_t*>(data);
  const uint8_t* end = next + length;
  bool understood = true;
  auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (next == end) break;
      const uint8_t byte = *next++;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
    understood = false;
    return uint64_t{0};
  };
  auto skip = [&](uint64_t count) {
    understood = understood && count <= static_cast<uint64_t>(end - next);
    if (understood) next += count;
  };
  int threads = 0;
  while (understood && next != end) {
    const uint64_t tag = varint();
    switch (tag & 7) {
      case 0: {
        const uint64_t value = varint();
        if (tag >> 3 == 2 && value < 1 << 16) threads = static_cast<int>(value);
        break;
      }
      case 1:
        skip(8);
        break;
      case 2:
        skip(varint());
        break;
      case 5:
        skip(4);
        break;
      default:
        understood = false;
    }
  }
  return understood ? threads : 0;
}

}  // namespace keras_xent

#endif  // KERAS_XENT_CONFIG_PROTO_H_
