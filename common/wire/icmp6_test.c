/* icmp6_test.c - ICMPv6 errors, home agent address discovery, mobile prefix discovery. */
#include "common/wire/wire_test.h"

#include "common/wire/icmp6.h"

static const struct in6_addr agent = HOME_AGENT;
static const struct in6_addr node = CARE_OF;

/* RFC 4443 3.1 to 3.4: what the four octets in front of the packet mean. */
static void
errors_have_the_octets_of_their_rfc(void **state)
{
	static const uint8_t packet[] = { 0x60, 0, 0, 0 };
	static const struct {
		const char *what;
		struct icmp6_error e;
		const char *octets;
	} cases[] = {
		{ "unreachable, beyond scope", { ICMP6_UNREACHABLE, 2, 0, packet, 4 },
		    "0102 4232 00000000 60000000" },
		{ "too big", { ICMP6_TOO_BIG, 0, 1400, packet, 4 }, "0200 3bbc 00000578 60000000" },
		{ "time exceeded", { ICMP6_TIME, 0, 0, packet, 4 }, "0300 4034 00000000 60000000" },
		{ "parameter problem at octet 46", { ICMP6_PARAMETER, 2, 46, packet, 4 },
		    "0402 3f04 0000002e 60000000" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		const struct icmp6_error *want = &cases[i].e;
		uint8_t octets[64], out[64];
		size_t n = hex_octets(cases[i].octets, octets, sizeof(octets));
		struct wire_reader r = { .base = octets, .len = n };
		struct wire_writer w = { .base = out, .len = sizeof(out) };
		struct icmp6_error e;

		assert_row(cases[i].what, icmp6_error_put(&w, want, &agent, &node) == 0);
		assert_row(cases[i].what, w.pos == n && memcmp(out, octets, n) == 0);
		assert_row(cases[i].what, ip6_checksum(&agent, &node, IP6_ICMP6, out, n) == 0);
		assert_row(cases[i].what, icmp6_error_get(&r, &e) == 0);
		assert_row(cases[i].what, e.type == want->type && e.code == want->code);
		assert_row(cases[i].what, e.value == want->value);
		assert_row(cases[i].what, e.invoking == octets + 8 && e.invoking_len == 4);
	}
}

/* RFC 4443 3.1, 3.3: unused, initialised to zero by the sender, ignored by the receiver. */
static void
unused_octets_of_an_error_are_ignored(void **state)
{
	const uint8_t octets[] = { ICMP6_UNREACHABLE, 0, 0, 0, 1, 2, 3, 4 };
	struct wire_reader r = { .base = octets, .len = sizeof(octets) };
	struct icmp6_error e;

	(void)state;
	assert_int_equal(icmp6_error_get(&r, &e), 0);
	assert_int_equal(e.value, 0);
	assert_int_equal(e.invoking_len, 0);
}

/* RFC 4443 2.4 (c) */
static void
invoking_packet_is_cut_to_the_minimum_mtu(void **state)
{
	static const uint8_t packet[1500] = { 0x60, [1231] = 1, 2 };
	const struct icmp6_error e = { ICMP6_TIME, 0, 0, packet, sizeof(packet) };
	uint8_t out[1500];
	struct wire_writer w = { .base = out, .len = sizeof(out) };

	(void)state;
	assert_int_equal(icmp6_error_put(&w, &e, &agent, &node), 0);
	assert_int_equal(w.pos + IP6_HEADER_OCTETS, IP6_MIN_MTU);
	assert_int_equal(out[w.pos - 1], 1);
}

static void
informational_or_short_messages_are_no_errors(void **state)
{
	uint8_t octets[8] = { ICMP6_TIME };
	struct icmp6_error e;

	(void)state;
	for (size_t len = 0; len < sizeof(octets); len++) {
		struct wire_reader r = { .base = octets, .len = len };

		assert_int_equal(icmp6_error_get(&r, &e), -EBADMSG);
	}
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		struct wire_reader r = { .base = octets, .len = sizeof(octets) };

		octets[0] = (uint8_t)type;
		assert_int_equal(icmp6_error_get(&r, &e), type < 128 ? 0 : -EBADMSG);
	}
}

/* M-35: as many as fit 1280 octets; the 78th has no place in a lawful reply. */
static void
longest_discovery_reply_has_77_agents(void **state)
{
	struct icmp6_dhaad back, d = { .reply = true, .n = ICMP6_AGENTS_MAX };
	uint8_t out[1500];
	struct wire_writer w = { .base = out, .len = sizeof(out) };
	struct wire_reader r = { .base = out };

	(void)state;
	for (uint8_t i = 0; i < d.n; i++)
		d.agent[i].s6_addr[15] = i;
	assert_int_equal(icmp6_dhaad_put(&w, &d, &agent, &node), 0);
	assert_int_equal(w.pos + IP6_HEADER_OCTETS, 1280);

	r.len = w.pos;
	assert_int_equal(icmp6_dhaad_get(&r, &back), 0);
	assert_true(back.reply && back.n == ICMP6_AGENTS_MAX);
	assert_memory_equal(back.agent, d.agent, sizeof(d.agent));

	memset(out + w.pos, 0, 16);
	r = (struct wire_reader){ .base = out, .len = w.pos + 16 };
	assert_int_equal(icmp6_dhaad_get(&r, &back), -EBADMSG);

	d.n++;
	w = (struct wire_writer){ .base = out, .len = sizeof(out) };
	assert_int_equal(icmp6_dhaad_put(&w, &d, &agent, &node), -EMSGSIZE);
}

/* N-44: R and nothing else of its word. */
static void
r_flag_of_discovery_is_the_highest_bit(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 16; bit++) {
		uint8_t octets[8] = { ICMP6_DHAAD_REQUEST };
		struct wire_reader r = { .base = octets, .len = sizeof(octets) };
		struct icmp6_dhaad d;

		octets[6 + (bit < 8)] = (uint8_t)(1 << bit % 8);
		assert_int_equal(icmp6_dhaad_get(&r, &d), 0);
		assert_int_equal(d.mobile_router, bit == 15);
	}
}

static void
request_of_a_plain_node_has_no_flag(void **state)
{
	const struct icmp6_dhaad d = { .id = 0x1234 };
	const uint8_t want[] = { 0x12, 0x34, 0, 0 };
	uint8_t out[8];
	struct wire_writer w = { .base = out, .len = sizeof(out) };

	(void)state;
	assert_int_equal(icmp6_dhaad_put(&w, &d, &node, &agent), 0);
	assert_memory_equal(out + 4, want, sizeof(want));
}

static void
malformed_discovery_is_refused(void **state)
{
	static const struct {
		const char *what, *octets;
	} cases[] = {
		{ "nothing", "" },
		{ "request cut short", "9000 0000 1234 80" },
		{ "code 1", "9001 0000 1234 8000" },
		{ "prefix solicitation", "9200 0000 1234 0000" },
		{ "reply with 15 octets of address",
		    "9100 0000 1234 8000 20010db8 01000000 00000000 000000" },
		{ "reply with 17 octets of addresses",
		    "9100 0000 1234 8000 20010db8 01000000 00000000 00000001 00" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t octets[64];
		size_t n = hex_octets(cases[i].octets, octets, sizeof(octets));
		struct wire_reader r = { .base = octets, .len = n };
		struct icmp6_dhaad d;

		assert_row(cases[i].what, icmp6_dhaad_get(&r, &d) == -EBADMSG);
	}
}

/* A request has no addresses, so what follows it is not read as such. */
static void
octets_behind_a_request_are_ignored(void **state)
{
	const uint8_t octets[24] = { ICMP6_DHAAD_REQUEST, [8] = 0x20 };
	struct wire_reader r = { .base = octets, .len = sizeof(octets) };
	struct icmp6_dhaad d;

	(void)state;
	assert_int_equal(icmp6_dhaad_get(&r, &d), 0);
	assert_false(d.reply);
	assert_int_equal(d.n, 0);
}

/* RFC 6275 6.7, 6.8: options that nobody has defined are stepped over. */
static void
prefix_discovery_steps_over_unknown_options(void **state)
{
	uint8_t octets[128];
	size_t n = hex_octets("9200 0000 4321 ffff 0101aabbccddeeff", octets, sizeof(octets));
	struct wire_reader r = { .base = octets, .len = n };
	struct icmp6_mps s;
	struct icmp6_mpa a;

	(void)state;
	assert_int_equal(icmp6_mps_get(&r, &s), 0);
	assert_int_equal(s.id, 0x4321);
	n = hex_octets("9300 0000 4321 ffff 0101aabbccddeeff"
		       "030440ff 00000e10 00000708 00000000 20010db8010000000000000000000001",
	    octets, sizeof(octets));
	r = (struct wire_reader){ .base = octets, .len = n };
	assert_int_equal(icmp6_mpa_get(&r, &a), 0);
	assert_int_equal(a.flags, ND_RA_M | ND_RA_O);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.prefix[0].prefix.len, 64);
	assert_int_equal(a.prefix[0].flags, ND_PREFIX_L | ND_PREFIX_A | ND_PREFIX_R);
	assert_int_equal(a.prefix[0].valid_s, 3600);
	assert_int_equal(a.prefix[0].preferred_s, 1800);
}

static void
malformed_prefix_discovery_is_refused(void **state)
{
	static const struct {
		const char *what, *octets;
	} cases[] = {
		{ "nothing", "" },
		{ "cut short", "9200 0000 4321 00" },
		{ "advertisement cut short", "9300 0000 4321 00" },
		{ "code 1", "9201 0000 4321 0000" },
		{ "advertisement with code 1", "9301 0000 4321 0000" },
		{ "discovery request", "9000 0000 4321 0000" },
		{ "option without a length", "9200 0000 4321 0000 0100" },
		{ "option without a length in an advertisement", "9300 0000 4321 0000 0300" },
		{ "option past the end", "9200 0000 4321 0000 0102 000000000000" },
		{ "prefix of 24 octets",
		    "9300 0000 4321 0000 030340e0 00000e10 00000708 00000000 20010db801000000" },
		{ "prefix of 40 octets", "9300 0000 4321 0000 030540e0 00000e10 00000708 00000000"
					 "20010db8010000000000000000000001 0000000000000000" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint8_t octets[64];
		size_t n = hex_octets(cases[i].octets, octets, sizeof(octets));
		struct wire_reader r = { .base = octets, .len = n };
		struct icmp6_mps s;
		struct icmp6_mpa a;

		assert_row(cases[i].what, icmp6_mps_get(&r, &s) == -EBADMSG);
		r = (struct wire_reader){ .base = octets, .len = n };
		assert_row(cases[i].what, icmp6_mpa_get(&r, &a) == -EBADMSG);
	}
}

/* With the routing header the packet fills 1256 of 1280 octets. */
static void
longest_prefix_advertisement_has_37_prefixes(void **state)
{
	struct icmp6_mpa back, m = { .id = 1, .n = ICMP6_PREFIXES_MAX };
	uint8_t out[1500];
	struct wire_writer w = { .base = out, .len = sizeof(out) };
	struct wire_reader r = { .base = out };

	(void)state;
	assert_int_equal(icmp6_mpa_put(&w, &m, &agent, &node), 0);
	assert_int_equal(w.pos + IP6_HEADER_OCTETS + 24, 1256);
	r.len = w.pos;
	assert_int_equal(icmp6_mpa_get(&r, &back), 0);
	assert_int_equal(back.n, ICMP6_PREFIXES_MAX);

	memcpy(out + w.pos, out + 8, 32);
	r = (struct wire_reader){ .base = out, .len = w.pos + 32 };
	assert_int_equal(icmp6_mpa_get(&r, &back), -EBADMSG);
	m.n++;
	w.pos = 0;
	assert_int_equal(icmp6_mpa_put(&w, &m, &agent, &node), -EMSGSIZE);
}

static void
what_does_not_fit_is_not_overrun(void **state)
{
	static const uint8_t packet[40] = { 0x60 };
	const struct icmp6_error e = { ICMP6_TIME, 0, 0, packet, sizeof(packet) };
	const struct icmp6_dhaad d = { .reply = true, .n = 2 };
	const struct icmp6_mps s = { .id = 1 };
	const struct icmp6_mpa a = { .n = 1 };

	(void)state;
	for (size_t len = 0; len <= 48; len++) {
		uint8_t *exact = malloc(len + 1);
		struct wire_writer w = { .base = exact + 1, .len = len };

		assert_int_equal(icmp6_error_put(&w, &e, &agent, &node), len < 48 ? -EMSGSIZE : 0);
		w = (struct wire_writer){ .base = exact + 1, .len = len };
		assert_int_equal(icmp6_dhaad_put(&w, &d, &agent, &node), len < 40 ? -EMSGSIZE : 0);
		w = (struct wire_writer){ .base = exact + 1, .len = len };
		assert_int_equal(icmp6_mps_put(&w, &s, &agent, &node), len < 8 ? -EMSGSIZE : 0);
		w = (struct wire_writer){ .base = exact + 1, .len = len };
		assert_int_equal(icmp6_mpa_put(&w, &a, &agent, &node), len < 40 ? -EMSGSIZE : 0);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_the_octets_of_their_rfc),
		cmocka_unit_test(unused_octets_of_an_error_are_ignored),
		cmocka_unit_test(invoking_packet_is_cut_to_the_minimum_mtu),
		cmocka_unit_test(informational_or_short_messages_are_no_errors),
		T(longest_discovery_reply_has_77_agents, "M-35"),
		T(r_flag_of_discovery_is_the_highest_bit, "N-44"),
		cmocka_unit_test(request_of_a_plain_node_has_no_flag),
		cmocka_unit_test(malformed_discovery_is_refused),
		cmocka_unit_test(octets_behind_a_request_are_ignored),
		T(prefix_discovery_steps_over_unknown_options, "M-37"),
		cmocka_unit_test(malformed_prefix_discovery_is_refused),
		cmocka_unit_test(longest_prefix_advertisement_has_37_prefixes),
		cmocka_unit_test(what_does_not_fit_is_not_overrun),
	};

	return cmocka_run_group_tests_name("icmp6", tests, NULL, NULL);
}
