/* nd_ra_fuzz.c - Router Advertisements: decode, encode, decode is the identity. */
#include "common/wire/nd_fuzz.h"

static void
must_be_same(const struct nd_ra *a, const struct nd_ra *b)
{
	must(a->hop_limit == b->hop_limit && a->flags == b->flags);
	must(a->lifetime_s == b->lifetime_s && a->mtu == b->mtu);
	must(a->prefixes == b->prefixes);
	for (unsigned i = 0; i < a->prefixes; i++) {
		must(ip6_prefix_equal(&a->prefix[i].prefix, &b->prefix[i].prefix));
		must(a->prefix[i].flags == b->prefix[i].flags);
		must(a->prefix[i].valid_s == b->prefix[i].valid_s);
		must(a->prefix[i].preferred_s == b->prefix[i].preferred_s);
	}
	must(a->interval_ms == b->interval_ms && a->agent.given == b->agent.given);
	must(a->agent.mobile_routers == b->agent.mobile_routers);
	must(a->agent.preference == b->agent.preference);
	must(a->agent.lifetime_s == b->agent.lifetime_s);
	must(a->rdnss_n == b->rdnss_n && a->rdnss_lifetime_s == b->rdnss_lifetime_s);
	must(memcmp(a->rdnss, b->rdnss, a->rdnss_n * sizeof(a->rdnss[0])) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[ND_FUZZ_MAX], again[ND_FRAME_MAX];
	struct wire_writer w = { .base = again, .len = sizeof(again) };
	struct nd_path path, back;
	struct nd_ra first, second;
	size_t len = nd_fuzz_frame(data, size, frame);

	if (nd_ra_get(frame, len, &path, &first) < 0)
		return 0;
	must(first.prefixes <= ND_PREFIX_MAX && first.rdnss_n <= ND_RDNSS_MAX);
	must(nd_ra_put(&w, &path, &first) == 0);
	must(nd_ra_get(again, w.pos, &back, &second) == 0);
	must(memcmp(&path, &back, sizeof(path)) == 0);
	must_be_same(&first, &second);
	return 0;
}
