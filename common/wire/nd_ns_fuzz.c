/* nd_ns_fuzz.c - Neighbor Solicitations: decode, encode, decode is the identity. */
#include "common/wire/nd_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[ND_FUZZ_MAX], again[ND_FRAME_MAX];
	struct wire_writer w = { .base = again, .len = sizeof(again) };
	struct nd_path path, back;
	struct in6_addr first, second;
	size_t len = nd_fuzz_frame(data, size, frame);

	if (nd_ns_get(frame, len, &path, &first) < 0)
		return 0;
	must(first.s6_addr[0] != 0xff);
	must(memcmp(&first, frame + ND_FUZZ_ICMP_AT + 8, sizeof(first)) == 0);
	must(nd_ns_put(&w, &path, &first) == 0);
	must(nd_ns_get(again, w.pos, &back, &second) == 0);
	must(memcmp(&path, &back, sizeof(path)) == 0 && ip6_equal(&first, &second));
	return 0;
}
