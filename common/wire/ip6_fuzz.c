/*
 * ip6_fuzz.c - whole packets: the header chain and the message in it, decoded,
 * encoded and decoded, are the same.
 */
#include "common/wire/mh_fuzz.h"

enum { INPUT_MAX = 1 << 16, CHECKSUM_AT = 4 };

/* The same addresses around the same message, for which only the checksum may be another. */
static void
must_be_same(const struct ip6_mh_packet *a, const struct ip6_mh_packet *b)
{
	must(ip6_equal(&a->src, &b->src) && ip6_equal(&a->dst, &b->dst));
	must(a->has_hao == b->has_hao && ip6_equal(&a->hao, &b->hao));
	must(a->has_rh2 == b->has_rh2 && ip6_equal(&a->rh2, &b->rh2));
	must(a->upper == b->upper && a->mh_len == b->mh_len);
	must(memcmp(a->mh, b->mh, CHECKSUM_AT) == 0);
	must(memcmp(a->mh + CHECKSUM_AT + 2, b->mh + CHECKSUM_AT + 2,
		 a->mh_len - CHECKSUM_AT - 2) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[INPUT_MAX];
	struct wire_writer w = { .base = packet, .len = sizeof(packet) };
	struct ip6_mh_packet first, second;
	struct ip6_mh_out out;
	enum mh_verdict one, two;
	struct mh m, back;
	size_t at;

	if (size >= sizeof(packet) || ip6_mh_packet_get(data, size, &first) < 0)
		return 0;
	must(first.packet == data && first.packet_len <= size);
	must((first.upper == IP6_MH) == (first.mh != NULL));
	if (!first.mh)
		return 0;
	must(first.mh + first.mh_len == data + first.packet_len);
	if (first.has_hao && first.has_rh2 && !ip6_equal(&first.hao, &first.rh2))
		return 0; /* nothing we would send */

	out = (struct ip6_mh_out){
		.src = first.src,
		.dst = first.dst,
		.with_hao = first.has_hao,
		.with_rh2 = first.has_rh2,
		.home = first.has_hao ? first.hao : first.rh2,
		.mh = first.mh,
		.mh_len = first.mh_len,
	};
	if (ip6_mh_packet_put(&w, &out) < 0) {
		must(first.mh_len < 8);
		return 0;
	}
	must(ip6_mh_packet_get(packet, w.pos, &second) == 0);
	must_be_same(&first, &second);

	one = mh_get(&first, &m, &at);
	two = mh_get(&second, &back, &at);
	must(one == two || one == MH_DROP); /* dropped for its checksum, which now is right */
	if (one == MH_OK)
		must(mh_same(&m, &back));
	if (two == MH_OK)
		mh_fuzz_round(&second, &back);
	return 0;
}
