/* mh_opt_test.c - mobility options, each alone and in company. */
#include "common/wire/wire_test.h"

#include "common/wire/mh_same.h"

#define MESSAGE_MAX 8192 /* more than the table allows options to fill */

static const uint8_t octets_1_to_16[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static struct mh_bytes
bytes(uint8_t n)
{
	return (struct mh_bytes){ .p = octets_1_to_16, .n = n };
}

/* Encode o behind a message of fixed octets; returns the length with them. */
static size_t
encode(const struct mh_opts *o, size_t fixed, uint8_t message[static MESSAGE_MAX])
{
	struct wire_writer w = { .base = message, .len = MESSAGE_MAX };

	wire_put_zero(&w, fixed);
	assert_int_equal(mh_opts_put(&w, o), 0);
	return w.pos;
}

static int
decode(const uint8_t *message, size_t len, size_t fixed, struct mh_opts *ret_opts)
{
	struct wire_reader r = { .base = message, .len = len, .pos = fixed };

	return mh_opts_get(&r, ret_opts);
}

/* ---- each option ---- */

/* Offset of the type octet of the i-th option of a type, or 0. */
static size_t
find(const uint8_t *message, size_t len, size_t fixed, uint8_t type, unsigned i)
{
	for (size_t at = fixed; at < len;) {
		if (message[at] == type && i-- == 0)
			return at;
		at += message[at] == MH_OPT_PAD1 ? 1 : message[at + 1] + 2u;
	}
	return 0;
}

/* An option with values that show a swapped or lost field, and its octets from the RFC. */
static const struct {
	const char *what;
	uint8_t type, align, at;
	const char *octets;
	struct mh_opts o;
} each[] = {
/* clang-format off */
#define ONE(type, ...) { .n = { [type] = 1 }, __VA_ARGS__ }
	{ "Binding Refresh Advice", MH_OPT_REFRESH, 2, 0, "02 02 004b",
	    ONE(MH_OPT_REFRESH, .refresh_s = 300) },
	{ "Alternate Care-of Address", MH_OPT_ALTCOA, 8, 6,
	    "03 10 20010db8 00020000 00000000 00000010",
	    ONE(MH_OPT_ALTCOA, .altcoa = CARE_OF) },
	{ "Nonce Indices", MH_OPT_NONCE, 2, 0, "04 04 1234 5678",
	    ONE(MH_OPT_NONCE, .nonce_home = 0x1234, .nonce_careof = 0x5678) },
	{ "Binding Authorization Data", MH_OPT_BINDING_AUTH, 8, 2,
	    "05 0c 01020304 05060708 090a0b0c",
	    ONE(MH_OPT_BINDING_AUTH, .binding_auth = { octets_1_to_16, 12 }) },
	{ "Mobile Network Prefix", MH_OPT_PREFIX, 8, 4,
	    "06 12 00 40 20010db8 02000001 00000000 00000000",
	    ONE(MH_OPT_PREFIX, .prefix = { { MNP1, 64 } }) },
	{ "Mobility Header Link-Layer Address", MH_OPT_LINK_LAYER, 1, 0, "07 07 02 010203040506",
	    ONE(MH_OPT_LINK_LAYER, .link_layer = { 2, { octets_1_to_16, 6 } }) },
	{ "Mobile Node Identifier", MH_OPT_NODE_ID, 1, 0, "08 04 01 010203",
	    ONE(MH_OPT_NODE_ID, .node_id = { 1, { octets_1_to_16, 3 } }) },
	{ "Mobility Message Authentication", MH_OPT_AUTH, 8, 5,
	    "09 11 01 00000100 01020304 05060708 090a0b0c",
	    ONE(MH_OPT_AUTH, .auth = { { 1, 0x00000100, { octets_1_to_16, 12 } } }) },
	{ "Replay Protection", MH_OPT_REPLAY, 8, 2, "0a 08 ee13c100 80000001",
	    ONE(MH_OPT_REPLAY, .replay_ntp = 0xee13c10080000001) },
	{ "Vendor Specific", MH_OPT_VENDOR, 4, 2, "13 07 00012345 07 0102",
	    ONE(MH_OPT_VENDOR, .vendor = { { 0x00012345, 7, { octets_1_to_16, 2 } } }) },
	{ "Service Selection", MH_OPT_SERVICE, 1, 0, "14 06 00 0102030405",
	    ONE(MH_OPT_SERVICE, .service = { 0, { octets_1_to_16, 5 } }) },
	{ "Home Network Prefix", MH_OPT_HOME_PREFIX, 8, 4,
	    "16 12 00 38 20010db8 02000002 00000000 00000000",
	    ONE(MH_OPT_HOME_PREFIX, .home_prefix = { { MNP2, 56 } }) },
	{ "Handoff Indicator", MH_OPT_HANDOFF, 1, 0, "17 02 00 03",
	    ONE(MH_OPT_HANDOFF, .handoff = 3) },
	{ "Access Technology Type", MH_OPT_ACCESS, 1, 0, "18 02 00 05",
	    ONE(MH_OPT_ACCESS, .access = 5) },
	{ "Mobile Node Link-layer Identifier", MH_OPT_NODE_LINK_LAYER, 4, 0,
	    "19 08 0000 010203040506",
	    ONE(MH_OPT_NODE_LINK_LAYER, .node_link_layer = { octets_1_to_16, 6 }) },
	{ "Link-local Address", MH_OPT_LINK_LOCAL, 8, 6,
	    "1a 10 fe800000 00000000 00000000 00000009",
	    ONE(MH_OPT_LINK_LOCAL, .link_local = ADDR(0xfe, 0x80, [15] = 9)) },
	{ "Timestamp", MH_OPT_TIMESTAMP, 8, 2, "1b 08 000065010203 8001",
	    ONE(MH_OPT_TIMESTAMP, .timestamp = 0x0000650102038001) },
	{ "Restart Counter", MH_OPT_RESTART, 4, 2, "1c 04 00000003",
	    ONE(MH_OPT_RESTART, .restart = 3) },
	{ "IPv4 Home Address", MH_OPT_IPV4_HOA, 4, 0, "1d 06 6200 00000000",
	    ONE(MH_OPT_IPV4_HOA, .ipv4_hoa = { .len = 24, .want_prefix = true }) },
	{ "IPv4 Address Acknowledgement", MH_OPT_IPV4_ACK, 4, 0, "1e 06 84 80 00000000",
	    ONE(MH_OPT_IPV4_ACK, .ipv4_ack = { .status = 132, .len = 32 }) },
	{ "NAT Detection", MH_OPT_NAT, 4, 0, "1f 06 0000 0000006e",
	    ONE(MH_OPT_NAT, .nat = { false, 110 }) },
	{ "NAT Detection, forced", MH_OPT_NAT, 4, 0, "1f 06 8000 ffffffff",
	    ONE(MH_OPT_NAT, .nat = { true, UINT32_MAX }) },
	{ "IPv4 Care-of Address", MH_OPT_IPV4_COA, 4, 0, "20 06 0000 00000000",
	    ONE(MH_OPT_IPV4_COA, .ipv4_coa = { 0 }) },
	{ "GRE Key", MH_OPT_GRE_KEY, 4, 0, "21 06 0000 12345678",
	    ONE(MH_OPT_GRE_KEY, .gre = { true, 0x12345678 }) },
	{ "GRE Key without the key", MH_OPT_GRE_KEY, 4, 0, "21 02 0000",
	    ONE(MH_OPT_GRE_KEY, .gre = { 0 }) },
	{ "Binding Identifier", MH_OPT_BID, 8, 2, "23 04 0001 04 7f",
	    ONE(MH_OPT_BID, .bid = { { .id = 1, .status = 4, .priority = 127 } }) },
	{ "Binding Identifier with IPv4", MH_OPT_BID, 8, 2, "23 08 0102 00 80 c0000201",
	    ONE(MH_OPT_BID, .bid = { { 0x0102, 0, true, 0, 4, ADDR(192, 0, 2, 1) } }) },
	{ "Binding Identifier with IPv6", MH_OPT_BID, 8, 2,
	    "23 14 0102 00 85 20010db8 00020000 00000000 00000010",
	    ONE(MH_OPT_BID, .bid = { { 0x0102, 0, true, 5, 16, CARE_OF } }) },
	{ "Flow Summary", MH_OPT_FLOW_SUMMARY, 2, 0, "2c 04 0102 0304",
	    ONE(MH_OPT_FLOW_SUMMARY, .flow_summary = { octets_1_to_16, 4 }) },
	{ "Flow Identification", MH_OPT_FLOW_ID, 2, 0, "2d 0a 0a0b 0c0d 00 80 01020304",
	    ONE(MH_OPT_FLOW_ID, .flow = { { 0x0a0b, 0x0c0d, 128, { octets_1_to_16, 4 } } }) },
	{ "Mobile Node Group Identifier", MH_OPT_GROUP_ID, 4, 0, "32 06 01 00 01020304",
	    ONE(MH_OPT_GROUP_ID, .group = { 1, 0x01020304 }) },
	{ "Delegated Mobile Network Prefix", MH_OPT_DELEGATED, 8, 2,
	    "37 12 00 40 20010db8 02000001 00000000 00000000",
	    ONE(MH_OPT_DELEGATED, .delegated = { false, { MNP1, 64 } }) },
	{ "Delegated Mobile Network Prefix of IPv4", MH_OPT_DELEGATED, 8, 2, "37 06 80 18 c6336400",
	    ONE(MH_OPT_DELEGATED, .delegated = { true, { ADDR(198, 51, 100), 24 } }) },
	/* clang-format on */
};

static void
each_option_has_the_octets_of_its_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(each); i++) {
		uint8_t message[MESSAGE_MAX], want[64];
		size_t n = hex_octets(each[i].octets, want, sizeof(want));
		size_t len = encode(&each[i].o, 12, message);
		size_t at = find(message, len, 12, each[i].type, 0);
		struct mh_opts o;

		assert_row(each[i].what, at != 0 && at + n <= len);
		assert_row(each[i].what, memcmp(message + at, want, n) == 0);
		assert_row(each[i].what, decode(message, len, 12, &o) == 0);
		assert_row(each[i].what, mh_opts_same(&o, &each[i].o));
	}
}

/* Wherever the fixed part ends: no message's does at an odd offset but the rule holds. */
static void
each_option_is_aligned_and_the_message_ends_on_eight(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(each); i++) {
		for (size_t fixed = 8; fixed < 24; fixed++) {
			uint8_t message[MESSAGE_MAX];
			size_t len = encode(&each[i].o, fixed, message);
			size_t at = find(message, len, fixed, each[i].type, 0);

			assert_row(each[i].what, at % each[i].align == each[i].at);
			assert_row(each[i].what, len % 8 == 0);
			assert_row(each[i].what, at - fixed < each[i].align);
			assert_row(each[i].what, len - at - message[at + 1] - 2 < 8);
		}
	}
}

static void
ipv4_addresses_stand_behind_the_first_two_octets(void **state)
{
	static const uint8_t octets[] = { 29, 6, 0, 0, 192, 0, 2, 1, 30, 6, 0, 0, 192, 0, 2, 2, 32,
		6, 0, 0, 192, 0, 2, 3, 55, 6, 0x80, 32, 192, 0, 2, 4 };
	struct mh_opts o;
	uint8_t message[MESSAGE_MAX];

	(void)state;
	assert_int_equal(decode(octets, sizeof(octets), 0, &o), 0);
	assert_int_equal(o.ipv4_hoa.addr.s_addr, htonl(0xc0000201));
	assert_int_equal(o.ipv4_ack.addr.s_addr, htonl(0xc0000202));
	assert_int_equal(o.ipv4_coa.s_addr, htonl(0xc0000203));
	assert_memory_equal(&o.delegated.prefix.addr, &octets[28], 4);
	o.n[MH_OPT_DELEGATED] = 0; /* at 8n+2 it would bring padding with it */
	assert_int_equal(encode(&o, 0, message), sizeof(octets) - 8);
	assert_memory_equal(message, octets, sizeof(octets) - 8);
}

static void
each_row_has_a_name_and_a_test(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		const char *name = mh_opt_name((uint8_t)type);
		bool tested = false;

		for (size_t i = 0; i < countof(each); i++)
			tested |= each[i].type == type;
		assert_int_equal(name != NULL, tested);
	}
	assert_string_equal(mh_opt_name(MH_OPT_PREFIX), "Mobile Network Prefix");
	assert_null(mh_opt_name(MH_OPT_PAD1));
}

/* A value one octet short of its row's least or beyond its most. */
static void
known_option_of_another_length_is_malformed(void **state)
{
	static const struct {
		uint8_t type;
		uint8_t lengths[8]; /* which are right, in rising order */
	} cases[] = {
		{ MH_OPT_REFRESH, { 2 } }, { MH_OPT_ALTCOA, { 16 } }, { MH_OPT_NONCE, { 4 } },
		{ MH_OPT_BINDING_AUTH, { 12 } }, { MH_OPT_PREFIX, { 18 } },
		{ MH_OPT_REPLAY, { 8 } }, { MH_OPT_HOME_PREFIX, { 18 } }, { MH_OPT_HANDOFF, { 2 } },
		{ MH_OPT_ACCESS, { 2 } }, { MH_OPT_LINK_LOCAL, { 16 } },
		{ MH_OPT_TIMESTAMP, { 8 } }, { MH_OPT_RESTART, { 4 } }, { MH_OPT_IPV4_HOA, { 6 } },
		{ MH_OPT_IPV4_ACK, { 6 } }, { MH_OPT_NAT, { 6 } }, { MH_OPT_IPV4_COA, { 6 } },
		{ MH_OPT_GRE_KEY, { 2, 6 } }, { MH_OPT_BID, { 4, 8, 20 } },
		{ MH_OPT_GROUP_ID, { 6 } },
		{ MH_OPT_DELEGATED, { 18 } }, /* V is clear in these octets */
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		const uint8_t *right = cases[i].lengths;

		for (unsigned len = 0; len < 24; len++) {
			uint8_t option[32] = { cases[i].type, (uint8_t)len };
			struct mh_opts o;
			int want = -EBADMSG;

			if (*right && len == *right) {
				want = 0;
				right++;
			}
			if (decode(option, len + 2, 0, &o) != want)
				fail_msg("%s of %u octets", mh_opt_name(cases[i].type), len);
		}
	}
}

static void
option_shorter_than_its_fixed_part_is_malformed(void **state)
{
	static const struct {
		uint8_t type, least;
	} cases[] = {
		{ MH_OPT_LINK_LAYER, 1 },
		{ MH_OPT_NODE_ID, 1 },
		{ MH_OPT_AUTH, 5 },
		{ MH_OPT_VENDOR, 5 },
		{ MH_OPT_SERVICE, 1 },
		{ MH_OPT_NODE_LINK_LAYER, 2 },
		{ MH_OPT_FLOW_SUMMARY, 2 },
		{ MH_OPT_FLOW_ID, 6 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		for (unsigned len = 0; len <= UINT8_MAX; len++) {
			uint8_t option[257] = { cases[i].type, (uint8_t)len };
			bool odd_flow = cases[i].type == MH_OPT_FLOW_SUMMARY && len % 2;
			int want = len < cases[i].least || odd_flow ? -EBADMSG : 0;
			struct mh_opts o;

			if (decode(option, len + 2, 0, &o) != want)
				fail_msg("%s of %u octets", mh_opt_name(cases[i].type), len);
		}
	}
}

/* ---- what is at fault, and where ---- */

static void
reader_stops_at_the_option_at_fault(void **state)
{
	static const struct {
		const char *what, *octets;
		size_t at;
	} cases[] = {
		{ "length octet missing", "03", 0 },
		{ "length octet missing behind another", "0202004b 03", 4 },
		{ "value runs past the end", "00 0310 01", 1 },
		{ "unknown option runs past the end", "0202004b c80400", 4 },
		{ "PadN runs past the end", "0100 010500", 2 },
		{ "refresh advice twice", "0202004b 0202004b", 4 },
		{ "prefix of 17 octets", "0100 06110040 20010db8 02000001 00000000 000000", 2 },
		{ "prefix of 19 octets", "06130040 20010db8 02000001 00000000 00000000 00", 0 },
		{ "IPv4 prefix that claims to be IPv6", "3706 0018 c6336400", 0 },
		{ "IPv6 prefix that claims to be IPv4",
		    "3712 8040 20010db8 02000001 00000000 00000000", 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t octets[64];
		size_t n = hex_octets(cases[i].octets, octets, sizeof(octets));
		struct wire_reader r = { .base = octets, .len = n };
		struct mh_opts o;

		assert_row(cases[i].what, mh_opts_get(&r, &o) == -EBADMSG);
		assert_row(cases[i].what, r.pos == cases[i].at);
	}
}

/* A peer controls these counts; the limits are ours. */
static void
one_option_more_than_the_limit_is_malformed(void **state)
{
	static const uint8_t several[MH_OPT_TYPES] = {
		[MH_OPT_PREFIX] = MH_PREFIX_MAX,
		[MH_OPT_HOME_PREFIX] = MH_PREFIX_MAX,
		[MH_OPT_VENDOR] = MH_VENDOR_MAX,
		[MH_OPT_BID] = MH_BID_MAX,
		[MH_OPT_FLOW_ID] = MH_FLOW_MAX,
		[MH_OPT_AUTH] = MH_AUTH_MAX,
	};

	(void)state;
	for (size_t i = 0; i < countof(each); i++) {
		uint8_t type = each[i].type, message[MESSAGE_MAX];
		uint8_t most = several[type] ? several[type] : 1;
		uint8_t option[64];
		size_t len = 0, n = hex_octets(each[i].octets, option, sizeof(option));
		struct wire_writer w = { .base = message, .len = sizeof(message) };
		struct mh_opts o = each[i].o;

		for (uint8_t k = 0; k < most; k++, len += n)
			memcpy(message + len, option, n);
		assert_row(each[i].what, decode(message, len, 0, &o) == 0);
		assert_row(each[i].what, o.n[type] == most);
		memcpy(message + len, option, n);
		assert_row(each[i].what, decode(message, len + n, 0, &o) == -EBADMSG);

		o = each[i].o;
		o.n[type] = (uint8_t)(most + 1);
		assert_row(each[i].what, mh_opts_put(&w, &o) == -EMSGSIZE);
	}
}

/* ---- what is let through ---- */

/* RFC 6275 6.2.1, 6.2.2, 6.2.3. */
static void
unknown_options_reserved_bits_and_padding_are_skipped(void **state)
{
	static const struct {
		const char *what, *octets;
	} cases[] = {
		{ "as it should be", "06120040 20010db8 02000001 00000000 00000000" },
		{ "unknown option in front", "c800 06120040 20010db8 02000001 00000000 00000000" },
		{ "unknown option with data in front",
		    "0b040612 0040 06120040 20010db8 02000001 00000000 00000000" },
		{ "unknown option behind",
		    "06120040 20010db8 02000001 00000000 00000000 ff02aaaa" },
		{ "type behind the last row",
		    "38020000 06120040 20010db8 02000001 00000000 00000000" },
		{ "reserved octet set", "0612ff40 20010db8 02000001 00000000 00000000" },
		{ "PadN that is not zero",
		    "0103aabbcc 06120040 20010db8 02000001 00000000 00000000" },
		{ "Pad1 everywhere", "000000 06120040 20010db8 02000001 00000000 00000000 00" },
		{ "off its alignment", "00 06120040 20010db8 02000001 00000000 00000000" },
	};
	const struct mh_opts want = { .n = { [MH_OPT_PREFIX] = 1 }, .prefix = { { MNP1, 64 } } };

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t octets[64];
		size_t n = hex_octets(cases[i].octets, octets, sizeof(octets));
		struct mh_opts o;

		assert_row(cases[i].what, decode(octets, n, 0, &o) == 0);
		assert_row(cases[i].what, mh_opts_same(&o, &want));
	}
}

/* Reserved bits of every option that has some: none reaches the struct. */
static void
reserved_bits_of_options_are_ignored(void **state)
{
	static const struct {
		const char *octets, *noisy;
	} cases[] = {
		{ "14020041", "1402ff41" },
		{ "17020003", "1702ff03" },
		{ "18020003", "1802ff03" },
		{ "1903000041", "1903ffff41" },
		{ "1d066200c0000201", "1d0663ffc0000201" },
		{ "1d066000c0000201", "1d0661ffc0000201" },
		{ "1e068480c0000201", "1e068483c0000201" },
		{ "1f0680000000006e", "1f06ffff0000006e" },
		{ "1f0600000000006e", "1f067fff0000006e" },
		{ "20060000c0000201", "2006ffffc0000201" },
		{ "210600000000006e", "2106ffff0000006e" },
		{ "2d06000100020080", "2d0600010002ff80" },
		{ "3206010001020304", "320601ff01020304" },
		{ "37068018c6336400", "3706ff18c6336400" },
		{ "3712004020010db80200000100000000 00000000",
		    "37127f4020010db80200000100000000 00000000" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t clean[32], noisy[32];
		size_t n = hex_octets(cases[i].octets, clean, sizeof(clean));
		struct mh_opts a, b;

		assert_int_equal(hex_octets(cases[i].noisy, noisy, sizeof(noisy)), n);
		assert_row(cases[i].noisy, decode(clean, n, 0, &a) == 0);
		assert_row(cases[i].noisy, decode(noisy, n, 0, &b) == 0);
		assert_row(cases[i].noisy, mh_opts_same(&a, &b));
	}
}

/* The home agent answers these with status 141; they are not malformed messages. */
static void
prefix_is_taken_as_it_is(void **state)
{
	static const uint8_t lengths[] = { 0, 1, 63, 64, 128, 129, 255 };

	(void)state;
	for (size_t i = 0; i < countof(lengths); i++) {
		uint8_t message[MESSAGE_MAX];
		struct mh_opts back, o = { .n = { [MH_OPT_PREFIX] = 1 } };

		o.prefix[0].len = lengths[i];
		memset(&o.prefix[0].addr, 0xff, sizeof(o.prefix[0].addr)); /* host bits and all */
		assert_int_equal(decode(message, encode(&o, 12, message), 12, &back), 0);
		assert_true(ip6_prefix_equal(&back.prefix[0], &o.prefix[0]));
	}
}

/* ---- order, and the end of the message ---- */

/* RFC 4285 5.1, 5.2: it is the last option, and padding behind it would be one too. */
static void
authentication_ends_the_message(void **state)
{
	(void)state;
	for (uint8_t id = 0; id < 9; id++) { /* moves what is in front of it */
		for (uint8_t n = 0; n <= 16; n++) {
			uint8_t message[MESSAGE_MAX];
			struct mh_opts o = { .n = { [MH_OPT_NODE_ID] = 1, [MH_OPT_AUTH] = 1 } };
			size_t len, at;

			o.node_id.data = bytes(id);
			o.auth[0].data = bytes(n);
			len = encode(&o, 12, message);
			at = find(message, len, 12, MH_OPT_AUTH, 0);
			assert_int_equal(at % 4, 1);
			if (n % 4 == 0) /* MN-HA's 12 octets, and any hash of whole words */
				assert_int_equal(at + 7 + n, len);
			if (n == 12)
				assert_int_equal(at % 8, 5);
		}
	}
}

static void
identity_comes_before_what_authenticates_it(void **state)
{
	struct mh_opts o = {
		.n = { [MH_OPT_NODE_ID] = 1,
		    [MH_OPT_AUTH] = 2,
		    [MH_OPT_REPLAY] = 1,
		    [MH_OPT_VENDOR] = 2,
		    [MH_OPT_BINDING_AUTH] = 1,
		    [MH_OPT_BID] = 1,
		    [MH_OPT_DELEGATED] = 1 },
		.auth = { { .subtype = 1 }, { .subtype = 2 } },
	};
	uint8_t message[MESSAGE_MAX];
	size_t len, node_id, replay, mn_ha, mn_aaa, vendor, binding_auth;

	(void)state;
	o.auth[0].data = o.auth[1].data = o.binding_auth = bytes(12);
	len = encode(&o, 12, message);
	node_id = find(message, len, 12, MH_OPT_NODE_ID, 0);
	replay = find(message, len, 12, MH_OPT_REPLAY, 0);
	mn_ha = find(message, len, 12, MH_OPT_AUTH, 0);
	mn_aaa = find(message, len, 12, MH_OPT_AUTH, 1);
	vendor = find(message, len, 12, MH_OPT_VENDOR, 1);
	binding_auth = find(message, len, 12, MH_OPT_BINDING_AUTH, 0);

	assert_true(node_id < mn_ha && replay < mn_ha); /* RFC 4283 */
	assert_int_equal(message[mn_ha + 2], 1);	/* RFC 4285 5.2: MN-AAA behind MN-HA */
	assert_true(mn_ha < mn_aaa);
	assert_true(vendor < binding_auth);	  /* RFC 5094 3 */
	assert_true(mn_aaa < binding_auth);	  /* RFC 6275 6.2.7: last of all ... */
	assert_int_equal(binding_auth + 14, len); /* ... without padding behind it */
}

/* Every option at once, as many as the table allows: the worst message reads back. */
static void
all_options_together_read_back(void **state)
{
	struct mh_opts back, o = { 0 };
	uint8_t message[MESSAGE_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < countof(each); i++)
		o.n[each[i].type] = 1;
	o.n[MH_OPT_PREFIX] = o.n[MH_OPT_HOME_PREFIX] = MH_PREFIX_MAX;
	o.n[MH_OPT_VENDOR] = MH_VENDOR_MAX;
	o.n[MH_OPT_BID] = MH_BID_MAX;
	o.n[MH_OPT_FLOW_ID] = MH_FLOW_MAX;
	o.n[MH_OPT_AUTH] = MH_AUTH_MAX;
	o.binding_auth = bytes(12);
	o.flow_summary = bytes(2);
	for (uint8_t i = 0; i < MH_PREFIX_MAX; i++) {
		o.prefix[i].len = i;
		o.home_prefix[i].len = (uint8_t)(i + 100);
	}
	for (uint8_t i = 0; i < 4; i++) {
		o.vendor[i].data = bytes(i);
		o.flow[i].sub = bytes((uint8_t)(i + 4));
		o.bid[i].id = (uint16_t)(i + 1);
	}
	len = encode(&o, 12, message);
	assert_int_equal(decode(message, len, 12, &back), 0);
	assert_true(mh_opts_same(&o, &back));
}

/* ---- what does not fit ---- */

static void
options_that_do_not_fit_are_not_overrun(void **state)
{
	const struct mh_opts o = {
		.n = { [MH_OPT_PREFIX] = 2, [MH_OPT_ALTCOA] = 1, [MH_OPT_AUTH] = 1 },
		.auth = { { 1, 256, { octets_1_to_16, 12 } } },
	};
	uint8_t message[MESSAGE_MAX];
	size_t need = encode(&o, 0, message);

	(void)state;
	for (size_t len = 0; len <= need; len++) {
		uint8_t *exact = malloc(len + 1);
		struct wire_writer w = { .base = exact + 1, .len = len };

		assert_int_equal(mh_opts_put(&w, &o), len < need ? -EMSGSIZE : 0);
		free(exact);
	}
}

static void
value_that_does_not_fit_its_option_is_not_sent(void **state)
{
	static const uint8_t long_id[UINT8_MAX];
	struct mh_opts cases[] = {
		ONE(MH_OPT_AUTH, .auth = { { 1, 256, { long_id, 251 } } }),
		ONE(MH_OPT_NODE_ID, .node_id = { 1, { long_id, 255 } }),
		ONE(MH_OPT_BINDING_AUTH, .binding_auth = { long_id, 11 }),
		ONE(MH_OPT_BINDING_AUTH, .binding_auth = { long_id, 13 }),
		ONE(MH_OPT_BID, .bid = { { .coa_octets = 5 } }),
		ONE(MH_OPT_BID, .bid = { { .coa_octets = 255 } }),
		ONE(MH_OPT_FLOW_SUMMARY, .flow_summary = { long_id, 3 }),
		ONE(MH_OPT_FLOW_SUMMARY, .flow_summary = { NULL, 0 }),
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t message[MESSAGE_MAX];
		struct wire_writer w = { .base = message, .len = sizeof(message) };

		assert_int_equal(mh_opts_put(&w, &cases[i]), -EMSGSIZE);
	}
}

/* A refresh of 262144 s must not become one of 0. */
static void
lifetime_units_round_down_and_saturate(void **state)
{
	(void)state;
	assert_int_equal(mh_units(0), 0);
	assert_int_equal(mh_units(3), 0);
	assert_int_equal(mh_units(4), 1);
	assert_int_equal(mh_units(262140), 0xffff);
	assert_int_equal(mh_units(262144), 0xffff);
	assert_int_equal(mh_units(UINT32_MAX), 0xffff);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_has_the_octets_of_its_rfc),
		cmocka_unit_test(each_option_is_aligned_and_the_message_ends_on_eight),
		cmocka_unit_test(ipv4_addresses_stand_behind_the_first_two_octets),
		cmocka_unit_test(each_row_has_a_name_and_a_test),
		cmocka_unit_test(known_option_of_another_length_is_malformed),
		cmocka_unit_test(option_shorter_than_its_fixed_part_is_malformed),
		cmocka_unit_test(reader_stops_at_the_option_at_fault),
		cmocka_unit_test(one_option_more_than_the_limit_is_malformed),
		T(unknown_options_reserved_bits_and_padding_are_skipped, "M-05"),
		T(reserved_bits_of_options_are_ignored, "M-05"),
		T(prefix_is_taken_as_it_is, "N-14"),
		cmocka_unit_test(authentication_ends_the_message),
		cmocka_unit_test(identity_comes_before_what_authenticates_it),
		cmocka_unit_test(all_options_together_read_back),
		cmocka_unit_test(options_that_do_not_fit_are_not_overrun),
		cmocka_unit_test(value_that_does_not_fit_its_option_is_not_sent),
		cmocka_unit_test(lifetime_units_round_down_and_saturate),
	};

	return cmocka_run_group_tests_name("mh_opt", tests, NULL, NULL);
}
