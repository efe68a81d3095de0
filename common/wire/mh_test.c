/* mh_test.c - Mobility Header messages: the order of RFC 6275 9.2, fields, names. */
#include "common/wire/wire_test.h"

#include "common/wire/mh_same.h"

static const struct ip6_mh_packet around = {
	.src = CARE_OF,
	.dst = HOME_AGENT,
	.has_hao = true,
	.hao = HOME_ADDRESS,
	.upper = IP6_MH,
};

/* Give the message at mh the checksum that its addresses ask for. */
static void
fill_checksum(const struct ip6_mh_packet *p, uint8_t *mh, size_t len)
{
	struct wire_writer w = { .base = mh, .len = len, .pos = len };

	wire_set_u16(&w, 4, 0);
	wire_set_u16(&w, 4, ip6_checksum(ip6_mh_source(p), ip6_mh_destination(p), IP6_MH, mh, len));
}

/* What mh_get says of octets whose checksum is right. */
static enum mh_verdict
judge(const uint8_t *octets, size_t len, struct mh *ret_mh, size_t *ret_at)
{
	uint8_t mh[4096];
	struct ip6_mh_packet p = around;

	memcpy(mh, octets, len);
	if (len >= 6)
		fill_checksum(&p, mh, len);
	p.mh = mh;
	p.mh_len = len;
	return mh_get(&p, ret_mh, ret_at);
}

/* All that mh_get needs not to find anything wrong with a type but for its content. */
static size_t
plausible(uint8_t *mh, uint8_t type, uint8_t header_len)
{
	size_t len = (header_len + 1u) * 8;

	memset(mh, 0, len);
	mh[0] = IP6_NONE;
	mh[1] = header_len;
	mh[2] = type;
	return len;
}

/* ---- RFC 6275 9.2 ---- */

/* M-01: also for a message that has every other fault, since this one is looked for first. */
static void
bad_checksum_is_dropped_silently(void **state)
{
	uint8_t octets[512];
	size_t at, n = vector_load("bu-auth4285", octets, sizeof(octets));
	struct mh m;
	struct ip6_mh_packet p;

	(void)state;
	for (size_t bit = 64 * 8; bit < n * 8; bit++) { /* every bit of the Mobility Header */
		octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(ip6_mh_packet_get(octets, n, &p), 0);
		assert_int_equal(mh_get(&p, &m, &at), MH_DROP);
		octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(mh_get(&p, &m, &at), MH_OK);
}

/* M-01, RFC 6275 6.1.1: the home address counts, not the address on the wire. */
static void
checksum_is_over_the_home_address(void **state)
{
	uint8_t octets[512];
	size_t at, n = vector_load("bu-implicit", octets, sizeof(octets));
	struct ip6_mh_packet p;
	struct mh m;

	(void)state;
	assert_int_equal(ip6_mh_packet_get(octets, n, &p), 0);
	p.src.s6_addr[15] ^= 1;
	assert_int_equal(mh_get(&p, &m, &at), MH_OK);
	p.hao.s6_addr[15] ^= 1;
	assert_int_equal(mh_get(&p, &m, &at), MH_DROP);
	p.hao.s6_addr[15] ^= 1;
	p.has_hao = false;
	assert_int_equal(mh_get(&p, &m, &at), MH_DROP);

	n = vector_load("ba-ok-r", octets, sizeof(octets));
	assert_int_equal(ip6_mh_packet_get(octets, n, &p), 0);
	p.dst.s6_addr[15] ^= 1;
	assert_int_equal(mh_get(&p, &m, &at), MH_OK);
	p.has_rh2 = false;
	assert_int_equal(mh_get(&p, &m, &at), MH_DROP);
}

/* M-02: whatever else is wrong with it, for we cannot know. */
static void
type_without_a_row_is_unknown(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		bool known = type <= MH_BE || type == MH_EXPERIMENTAL || type == MH_SWITCH ||
			     type == MH_HEARTBEAT || type == MH_REVOCATION || type == MH_UPN ||
			     type == MH_UPA;
		uint8_t mh[64];
		size_t at, len = plausible(mh, (uint8_t)type, 2);
		struct mh m;

		assert_int_equal(judge(mh, len, &m, &at), known ? MH_OK : MH_UNKNOWN);
		mh[0] = IP6_IPV6;
		assert_int_equal(judge(mh, len, &m, &at), known ? MH_PROBLEM : MH_UNKNOWN);
		mh[1] = 0;
		assert_int_equal(judge(mh, len, &m, &at), known ? MH_PROBLEM : MH_UNKNOWN);
	}
}

/* M-03: and it is looked for before Header Len. */
static void
payload_proto_other_than_none_is_a_problem_at_octet_0(void **state)
{
	(void)state;
	for (unsigned proto = 0; proto <= UINT8_MAX; proto++) {
		uint8_t mh[64];
		size_t at = 99, len = plausible(mh, MH_BU, 1);
		struct mh m;

		mh[0] = (uint8_t)proto;
		assert_int_equal(judge(mh, len, &m, &at), proto == 59 ? MH_OK : MH_PROBLEM);
		assert_int_equal(at, proto == 59 ? 99 : 0);
		mh[1] = 0;
		assert_int_equal(judge(mh, len, &m, &at), MH_PROBLEM);
		assert_int_equal(at, proto == 59 ? 1 : 0);
	}
}

/* M-04, with the numbers of RFC 6275 6.1.2 to 6.1.9 and the other RFCs' layouts. */
static void
header_len_below_the_types_least_is_a_problem_at_octet_1(void **state)
{
	static const struct {
		uint8_t type, least;
	} cases[] = {
		{ MH_BRR, 0 },
		{ MH_HOTI, 1 },
		{ MH_COTI, 1 },
		{ MH_HOT, 2 },
		{ MH_COT, 2 },
		{ MH_BU, 1 },
		{ MH_BA, 1 },
		{ MH_BE, 2 },
		{ MH_SWITCH, 0 },
		{ MH_HEARTBEAT, 1 },
		{ MH_REVOCATION, 1 },
		{ MH_EXPERIMENTAL, 0 },
		{ MH_UPN, 1 },
		{ MH_UPA, 1 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		const char *name = mh_type_name(cases[i].type);

		for (uint8_t header_len = 0; header_len < 5; header_len++) {
			enum mh_verdict want = header_len < cases[i].least ? MH_PROBLEM : MH_OK;
			uint8_t mh[64];
			size_t at = 99, len = plausible(mh, cases[i].type, header_len);
			struct mh m;

			assert_row(name, judge(mh, len, &m, &at) == want);
			assert_row(name, at == (want == MH_PROBLEM ? 1 : 99));
		}
	}
}

/* M-04: the octets may be there; it is the field that says less. */
static void
header_len_that_lies_is_a_problem_or_dropped(void **state)
{
	uint8_t mh[64];
	size_t at = 99, len = plausible(mh, MH_BU, 3);
	struct mh m;

	(void)state;
	for (uint8_t header_len = 0; header_len < 8; header_len++) {
		enum mh_verdict want = header_len == 0	 ? MH_PROBLEM
				       : header_len == 3 ? MH_OK
							 : MH_DROP;

		mh[1] = header_len;
		assert_int_equal(judge(mh, len, &m, &at), want);
	}
}

static void
message_of_an_impossible_length_is_dropped(void **state)
{
	struct ip6_mh_packet none = around;
	uint8_t mh[4096] = { 0 };
	size_t at;
	struct mh m;

	(void)state;
	assert_int_equal(mh_get(&none, &m, &at), MH_DROP); /* no Mobility Header in the packet */
	none.mh_len = 16;
	assert_int_equal(mh_get(&none, &m, &at), MH_DROP);
	plausible(mh, MH_BRR, 0);
	for (size_t len = 0; len < 8; len++)
		assert_int_equal(judge(mh, len, &m, &at), MH_DROP);
	for (uint8_t header_len = 148; header_len < 152; header_len++) {
		size_t len = plausible(mh, MH_BRR, header_len);
		bool takes = len <= MH_OCTETS_MAX;

		assert_int_equal(judge(mh, len, &m, &at), takes ? MH_OK : MH_DROP);
	}
}

static void
malformed_option_drops_the_message(void **state)
{
	static const struct {
		const char *what, *octets;
	} cases[] = {
		{ "option runs past the end", "3b01 0500 0000 0000 c400 0096 0310 0000" },
		{ "option without its length", "3b01 0500 0000 0000 c400 0096 0000 0003" },
		{ "prefix of 17 octets", "3b03 0500 0000 0000 c400 0096 0611 0040 20010db8 "
					 "02000001 00000000 000000 00" },
		{ "two refresh advices",
		    "3b02 0600 0000 0000 03e9 0096 0202 004b 0202 004b 0102 0000" },
		{ "addresses run past the end", "3b01 0c00 0000 0100 20010db8 01000000" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t octets[64];
		size_t at, n = hex_octets(cases[i].octets, octets, sizeof(octets));
		struct mh m;

		assert_row(cases[i].what, judge(octets, n, &m, &at) == MH_DROP);
	}
}

/* M-05 */
static void
unknown_option_in_front_of_a_known_one_is_skipped(void **state)
{
	uint8_t octets[64];
	size_t n = hex_octets("3b04 0500 0000 03e8 c400 0096 c806 0102 0304 0506"
			      "06120040 20010db8 02000001 00000000 00000000",
	    octets, sizeof(octets));
	size_t at;
	struct mh m;

	(void)state;
	assert_int_equal(judge(octets, n, &m, &at), MH_OK);
	assert_int_equal(m.opts.n[MH_OPT_PREFIX], 1);
	assert_int_equal(m.opts.prefix[0].len, 64);
}

/* M-05: set in octets the fields that must come out as if clear. */
static void
reserved_bits_of_messages_are_ignored(void **state)
{
	static const struct {
		const char *what, *clean, *noisy;
	} cases[] = {
		{ "of the header", "3b000000 00000000", "3b0000ff 00000000" },
		{ "Binding Refresh Request", "3b000000 00000000", "3b000000 0000ffff" },
		{ "Home Test Init", "3b010100 00000000 01020304 05060708",
		    "3b010100 0000ffff 01020304 05060708" },
		{ "Care-of Test Init", "3b010200 00000000 01020304 05060708",
		    "3b010200 0000ffff 01020304 05060708" },
		{ "Binding Update", "3b010500 00000001 c4000096 01020000",
		    "3b010500 00000001 c40f0096 01020000" },
		{ "Binding Acknowledgement", "3b010600 00000040 00010096 01020000",
		    "3b010600 00000041 00010096 01020000" },
		{ "Binding Error", "3b020700 00000200 00000000 00000000 00000000 00000000",
		    "3b020700 000002ff 00000000 00000000 00000000 00000000" },
		{ "Home Agent Switch", "3b000c00 00000000", "3b000c00 000000ff" },
		{ "Heartbeat", "3b010d00 00000001 00000009 01020000",
		    "3b010d00 0000fffd 00000009 01020000" },
		{ "Binding Revocation", "3b011000 00000101 004d2000 01020000",
		    "3b011000 00000101 004d3fff 01020000" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t clean[64], noisy[64];
		size_t at, n = hex_octets(cases[i].clean, clean, sizeof(clean));
		struct mh a, b;

		assert_int_equal(hex_octets(cases[i].noisy, noisy, sizeof(noisy)), n);
		assert_row(cases[i].what, judge(clean, n, &a, &at) == MH_OK);
		assert_row(cases[i].what, judge(noisy, n, &b, &at) == MH_OK);
		assert_row(cases[i].what, mh_same(&a, &b));
	}
}

/* ---- fields ---- */

/* The messages that no vector shows, and flags that no vector sets. */
static const struct {
	const char *what;
	struct mh m;
	const char *octets; /* checksum left out */
} fields[] = {
	{ "Binding Refresh Request", { .type = MH_BRR }, "3b00 0000 0000 0000" },
	{ "Home Test Init", { .type = MH_HOTI, .test = { .cookie = 0x0102030405060708 } },
	    "3b01 0100 0000 0000 01020304 05060708" },
	{ "Care-of Test Init", { .type = MH_COTI, .test = { .cookie = 0x0102030405060708 } },
	    "3b01 0200 0000 0000 01020304 05060708" },
	{ "Home Test",
	    { .type = MH_HOT, .test = { 0x0a0b, 0x0102030405060708, 0x1112131415161718 } },
	    "3b02 0300 0000 0a0b 01020304 05060708 11121314 15161718" },
	{ "Care-of Test",
	    { .type = MH_COT, .test = { 0x0a0b, 0x0102030405060708, 0x1112131415161718 } },
	    "3b02 0400 0000 0a0b 01020304 05060708 11121314 15161718" },
	{ "all flags of a Binding Update", { .type = MH_BU, .bu = { 0xffff, 0xfff0, 262140 } },
	    "3b01 0500 0000 ffff fff0 ffff 0102 0000" },
	{ "all flags of a Binding Acknowledgement",
	    { .type = MH_BA, .ba = { 255, 0xfe, 0x0102, 4 } },
	    "3b01 0600 0000 fffe 0102 0001 0102 0000" },
	{ "Binding Error with the home address", { .type = MH_BE, .be = { 1, HOME_ADDRESS } },
	    "3b02 0700 0000 0100 20010db8 01000000 00000000 0000000a" },
	{ "Home Agent Switch without addresses", { .type = MH_SWITCH }, "3b00 0c00 0000 0000" },
	{ "Home Agent Switch with two and the time left",
	    { .type = MH_SWITCH,
		.sw = { 2, { HOME_AGENT_2, HOME_AGENT } },
		.opts = { .n = { [MH_OPT_REFRESH] = 1 }, .refresh_s = 60 } },
	    "3b05 0c00 0000 0200 20010db8 01000000 00000000 00000002"
	    "20010db8 01000000 00000000 00000001 0202 000f 0102 0000" },
	{ "unsolicited Heartbeat", { .type = MH_HEARTBEAT, .hb = { true, true, 0x01020304 } },
	    "3b01 0d00 0000 0003 01020304 0102 0000" },
	{ "revocation, P", { .type = MH_REVOCATION, .rev = { 1, 7, 0x0102, true, false, false } },
	    "3b01 1000 0000 0107 0102 8000 0102 0000" },
	{ "revocation, V", { .type = MH_REVOCATION, .rev = { 1, 7, 0x0102, false, true, false } },
	    "3b01 1000 0000 0107 0102 4000 0102 0000" },
	{ "revocation, G", { .type = MH_REVOCATION, .rev = { 2, 128, 0x0102, false, false, true } },
	    "3b01 1000 0000 0280 0102 2000 0102 0000" },
	{ "Experimental, empty", { .type = MH_EXPERIMENTAL }, "3b00 0b00 0000 0000" },
	{ "Update Notification, A", { .type = MH_UPN, .upn = { 0x0102, 3, true, false } },
	    "3b01 1300 0000 0102 0003 8000 0102 0000" },
	{ "Update Notification, D", { .type = MH_UPN, .upn = { 0x0102, 3, false, true } },
	    "3b01 1300 0000 0102 0003 4000 0102 0000" },
	{ "Update Notification Acknowledgement", { .type = MH_UPA, .upa = { 0x0102, 129 } },
	    "3b01 1400 0000 0102 8100 0000 0102 0000" },
};

static void
each_message_has_the_octets_of_its_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(fields); i++) {
		uint8_t want[128], mh[128];
		struct wire_writer w = { .base = mh, .len = sizeof(mh) };
		size_t at, n = hex_octets(fields[i].octets, want, sizeof(want));
		struct mh m;

		assert_row(fields[i].what, mh_put(&w, &fields[i].m) == 0);
		assert_row(fields[i].what, w.pos == n && memcmp(mh, want, n) == 0);
		assert_row(fields[i].what, judge(want, n, &m, &at) == MH_OK);
		assert_row(fields[i].what, mh_same(&m, &fields[i].m));
	}
}

/* RFC 5142 6.2: the list is in order of preference, so its beginning is worth having. */
static void
long_list_of_home_agents_is_cut(void **state)
{
	uint8_t octets[256];
	size_t at, len = plausible(octets, MH_SWITCH, 2 * (MH_SWITCH_MAX + 1));
	struct mh m;

	(void)state;
	octets[6] = MH_SWITCH_MAX + 1;
	for (uint8_t i = 0; i <= MH_SWITCH_MAX; i++)
		octets[8 + 16 * i + 15] = i;
	assert_int_equal(judge(octets, len, &m, &at), MH_OK);
	assert_int_equal(m.sw.n, MH_SWITCH_MAX);
	assert_int_equal(m.sw.home_agent[MH_SWITCH_MAX - 1].s6_addr[15], MH_SWITCH_MAX - 1);
}

/* A Binding Update for 262144 s must not become a de-registration. */
static void
lifetime_beyond_the_field_saturates(void **state)
{
	const struct mh m = { .type = MH_BU, .bu = { .lifetime_s = MH_LIFETIME_MAX + 4 } };
	uint8_t mh[64];
	struct wire_writer w = { .base = mh, .len = sizeof(mh) };

	(void)state;
	assert_int_equal(mh_put(&w, &m), 0);
	assert_true(mh[10] == 0xff && mh[11] == 0xff);
}

/* RFC 4285 5.1, seen in a whole message: what the MAC covers ends 12 octets before the end. */
static void
authenticated_message_ends_with_the_mac(void **state)
{
	const uint8_t mac[12] = { 0xaa, [11] = 0xbb };
	struct mh m = { .type = MH_BA, .opts = { .n = { [MH_OPT_AUTH] = 1 } } };
	uint8_t mh[128];

	(void)state;
	m.opts.auth[0] = (struct mh_auth){ 1, 256, { mac, sizeof(mac) } };
	for (uint8_t prefixes = 0; prefixes < 3; prefixes++) {
		struct wire_writer w = { .base = mh, .len = sizeof(mh) };

		m.opts.n[MH_OPT_PREFIX] = prefixes;
		assert_int_equal(mh_put(&w, &m), 0);
		assert_int_equal(mh[1], w.pos / 8 - 1);
		assert_memory_equal(mh + w.pos - 12, mac, 12);
	}
}

/* ---- what cannot be sent ---- */

static void
type_without_a_row_is_not_sent(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		const struct mh m = { .type = (enum mh_type)type };
		bool known = strcmp(mh_type_name((uint8_t)type), "unknown") != 0;
		uint8_t mh[64];
		struct wire_writer w = { .base = mh, .len = sizeof(mh) };

		assert_int_equal(mh_put(&w, &m), known ? 0 : -EINVAL);
	}
}

static void
message_that_does_not_fit_is_not_overrun(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(fields); i++) {
		uint8_t want[128];
		size_t need = hex_octets(fields[i].octets, want, sizeof(want));

		for (size_t len = 0; len <= need; len++) {
			uint8_t *exact = malloc(len + 1);
			struct wire_writer w = { .base = exact + 1, .len = len };
			int r = mh_put(&w, &fields[i].m);

			assert_row(fields[i].what, r == (len < need ? -EMSGSIZE : 0));
			free(exact);
		}
	}
}

static void
longest_message_is_sent_and_a_longer_one_is_not(void **state)
{
	static const uint8_t octets[UINT8_MAX];
	struct mh m = { .type = MH_BU, .opts = { .n = { [MH_OPT_VENDOR] = MH_VENDOR_MAX } } };
	uint8_t mh[4096];
	struct wire_writer w = { .base = mh, .len = sizeof(mh) };

	(void)state;
	for (unsigned i = 0; i < MH_VENDOR_MAX; i++)
		m.opts.vendor[i].data = (struct mh_bytes){ octets, 241 };
	m.opts.n[MH_OPT_PREFIX] = MH_PREFIX_MAX;
	assert_int_equal(mh_put(&w, &m), 0);
	assert_int_equal(w.pos, MH_OCTETS_MAX);

	m.opts.n[MH_OPT_HOME_PREFIX] = 1;
	w = (struct wire_writer){ .base = mh, .len = sizeof(mh) };
	assert_int_equal(mh_put(&w, &m), -EMSGSIZE);
}

static void
switch_to_as_many_agents_as_it_holds_is_sent(void **state)
{
	struct mh m = { .type = MH_SWITCH, .sw = { .n = MH_SWITCH_MAX } };
	uint8_t mh[256];
	struct wire_writer w = { .base = mh, .len = sizeof(mh) };

	(void)state;
	assert_int_equal(mh_put(&w, &m), 0);
	assert_int_equal(w.pos, 8 + 16 * MH_SWITCH_MAX);
	m.sw.n++;
	w = (struct wire_writer){ .base = mh, .len = sizeof(mh) };
	assert_int_equal(mh_put(&w, &m), -EMSGSIZE);
}

/* ---- sequence numbers and names ---- */

/* M-09: RFC 6275 9.5.1 with its own example of 15. */
static void
sequence_is_newer_within_half_the_circle(void **state)
{
	(void)state;
	for (uint32_t s = 0; s <= UINT16_MAX; s++)
		assert_int_equal(mh_seq_newer((uint16_t)s, 15), s >= 16 && s <= 32782);
}

/* M-09 */
static void
sequence_boundaries_hold_around_the_circle(void **state)
{
	static const struct {
		uint16_t s, last;
		bool newer;
	} cases[] = {
		{ 0, 0, false },
		{ 1, 0, true },
		{ 32767, 0, true },
		{ 32768, 0, false },
		{ 65535, 0, false },
		{ 0, 65535, true },
		{ 32766, 65535, true },
		{ 32767, 65535, false },
		{ 65534, 65535, false },
		{ 32768, 32767, true },
		{ 65534, 32767, true },
		{ 65535, 32767, false },
		{ 4243, 4242, true },
		{ 1000, 4242, false },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		if (mh_seq_newer(cases[i].s, cases[i].last) != cases[i].newer)
			fail_msg("%u after %u", cases[i].s, cases[i].last);
}

static void
names_are_those_of_the_rfcs(void **state)
{
	(void)state;
	assert_string_equal(mh_type_name(MH_BU), "Binding Update");
	assert_string_equal(mh_type_name(MH_REVOCATION), "Binding Revocation");
	assert_string_equal(mh_type_name(8), "unknown");
	assert_string_equal(mh_type_name(255), "unknown");
	assert_string_equal(mh_status_name(MH_ACCEPTED), "Binding Update accepted");
	assert_string_equal(mh_status_name(MH_NOT_AUTHORIZED), "Not Authorized for Prefix");
	assert_string_equal(mh_status_name(MH_INVALID_COA), "Invalid Care-of Address");
	assert_string_equal(mh_status_name(136), "Expired home nonce index");
	assert_string_equal(mh_status_name(137), "Expired care-of nonce index");
	assert_string_equal(mh_status_name(138), "Expired nonces");
	assert_string_equal(mh_status_name(2), "unknown");
	assert_string_equal(mh_status_name(127), "unknown");
	assert_string_equal(mh_status_name(175), "unknown");
	assert_string_equal(mh_status_name(255), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(bad_checksum_is_dropped_silently, "M-01"),
		T(checksum_is_over_the_home_address, "M-01"),
		T(type_without_a_row_is_unknown, "M-02"),
		T(payload_proto_other_than_none_is_a_problem_at_octet_0, "M-03"),
		T(header_len_below_the_types_least_is_a_problem_at_octet_1, "M-04"),
		T(header_len_that_lies_is_a_problem_or_dropped, "M-04"),
		cmocka_unit_test(message_of_an_impossible_length_is_dropped),
		cmocka_unit_test(malformed_option_drops_the_message),
		T(unknown_option_in_front_of_a_known_one_is_skipped, "M-05"),
		T(reserved_bits_of_messages_are_ignored, "M-05"),
		cmocka_unit_test(each_message_has_the_octets_of_its_rfc),
		cmocka_unit_test(long_list_of_home_agents_is_cut),
		cmocka_unit_test(lifetime_beyond_the_field_saturates),
		cmocka_unit_test(authenticated_message_ends_with_the_mac),
		cmocka_unit_test(type_without_a_row_is_not_sent),
		cmocka_unit_test(message_that_does_not_fit_is_not_overrun),
		cmocka_unit_test(longest_message_is_sent_and_a_longer_one_is_not),
		cmocka_unit_test(switch_to_as_many_agents_as_it_holds_is_sent),
		T(sequence_is_newer_within_half_the_circle, "M-09"),
		T(sequence_boundaries_hold_around_the_circle, "M-09"),
		cmocka_unit_test(names_are_those_of_the_rfcs),
	};

	return cmocka_run_group_tests_name("mh", tests, NULL, NULL);
}
