/* nd_na_fuzz.c - Neighbor Advertisements: decode, encode, decode is the identity. */
#include "common/wire/nd_fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[ND_FUZZ_MAX], again[ND_FRAME_MAX];
	struct wire_writer w = { .base = again, .len = sizeof(again) };
	struct nd_path path, back;
	struct nd_na first, second;
	size_t len = nd_fuzz_frame(data, size, frame);

	if (nd_na_get(frame, len, &path, &first) < 0)
		return 0;
	must(first.target.s6_addr[0] != 0xff);
	must(path.dst.s6_addr[0] != 0xff || !(first.flags & ND_NA_S));
	must(nd_na_put(&w, &path, &first.target, &first.mac, first.flags) == 0);
	must(nd_na_get(again, w.pos, &back, &second) == 0);
	must(memcmp(&path, &back, sizeof(path)) == 0);
	must(ip6_equal(&first.target, &second.target) && first.flags == second.flags);
	must(second.has_mac && memcmp(&first.mac, &second.mac, sizeof(first.mac)) == 0);
	return 0;
}
