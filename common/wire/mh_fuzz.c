/*
 * mh_fuzz.c - Mobility Header messages: decode, encode, decode is the identity.
 *
 * The message gets a right checksum, for no fuzzer would find one. The first
 * octet says what else is made right, so that it need not find that each time.
 */
#include "common/wire/mh_fuzz.h"

enum { MEND_PAYLOAD_PROTO = 1, MEND_HEADER_LEN = 2, INPUT_MAX = 2056 };

static const struct ip6_mh_packet around = {
	.src.s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
	.dst.s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 },
	.upper = IP6_MH,
};

static void
mend(uint8_t *mh, size_t len, uint8_t what)
{
	struct wire_writer w = { .base = mh, .len = len, .pos = len };

	if (what & MEND_PAYLOAD_PROTO)
		mh[0] = IP6_NONE;
	if (what & MEND_HEADER_LEN)
		mh[1] = (uint8_t)(len / 8 - 1);
	wire_set_u16(&w, 4, 0);
	wire_set_u16(&w, 4, ip6_checksum(&around.src, &around.dst, IP6_MH, mh, len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t mh[INPUT_MAX];
	struct ip6_mh_packet p = around;
	struct mh m;
	size_t at = SIZE_MAX;

	if (size < 1 || size - 1 > sizeof(mh))
		return 0;
	memcpy(mh, data + 1, size - 1);
	p.mh = mh;
	p.mh_len = size - 1;
	if (p.mh_len >= 8)
		mend(mh, p.mh_len, data[0]);

	switch (mh_get(&p, &m, &at)) {
	case MH_OK:
		must(mh[0] == IP6_NONE && (mh[1] + 1u) * 8 == p.mh_len && mh[2] == m.type);
		mh_fuzz_round(&p, &m);
		break;
	case MH_UNKNOWN:
		must(strcmp(mh_type_name(mh[2]), "unknown") == 0);
		break;
	case MH_PROBLEM:
		must(at == (mh[0] == IP6_NONE));
		break;
	case MH_DROP:
		break;
	}
	return 0;
}
