/* mr_state_test.c - see mr_state.h. */
#include "mrd/mr_state.h"

#include <errno.h>
#include <stdlib.h>

#include "mrd/mr_test.h"

static struct mr_guest
guest(void)
{
	struct mr_guest g = { .state = MR_SUSPENDED, .origin = MR_ORIGIN_VISIT, .index = 12 };

	snprintf(g.conf.name, sizeof(g.conf.name), "web-1.example");
	snprintf(g.conf.link, sizeof(g.conf.link), "brvm");
	g.conf.home_address = addr_of("2001:db8:ff::1");
	g.conf.prefix[g.conf.prefixes++] = prefix_of("2001:db8:200:1::/64");
	g.conf.prefix[g.conf.prefixes++] = prefix_of("2001:db8:200:2::42/128");
	g.conf.mac[g.conf.macs++] = mac_of("52:54:00:00:00:01");
	g.conf.mac[g.conf.macs++] = mac_of("52:54:00:00:00:02");
	g.reg.seq = (struct mr_seq){ .any = true, .last = 65535, .at_ms = T0_UNIX_MS };
	g.reg.state = MR_REG_BOUND;
	g.reg.careof = addr_of("2001:db8:2::10");
	g.reg.with.home_agent = addr_of("2001:db8::1");
	g.reg.expires = (mono_t){ 9120999 };
	g.reg.granted_s = 120;
	return g;
}

static void
a_guest_reads_back_as_it_was_written(void **state)
{
	const struct in6_addr agent = addr_of("2001:db8::1");
	struct mr_guest g = guest();
	struct mr_state_line line;
	struct mr_text t = { 0 };

	(void)state;
	mr_state_put_guest(&t, &g);
	assert_false(t.bad);
	assert_int_equal(t.s[t.n - 1], '\n');
	assert_int_equal(mr_state_get(t.s, t.n - 1, &line), 0);
	assert_int_equal(line.kind, MR_STATE_GUEST);
	assert_int_equal(line.guest.state, MR_SUSPENDED);
	assert_int_equal(line.guest.origin, MR_ORIGIN_VISIT);
	assert_int_equal(line.guest.index, 12);
	assert_int_equal(line.guest.seq.last, 65535);
	assert_int_equal(line.guest.seq.at_ms, T0_UNIX_MS);
	assert_int_equal(line.guest.known.granted_s, 120);
	assert_int_equal(line.guest.known.expires.ms, 9120000);
	assert_true(ip6_equal(&line.guest.known.with.home_agent, &agent));
	assert_true(ip6_equal(&line.guest.known.careof, &g.reg.careof));
	assert_string_equal(line.guest.conf.name, g.conf.name);
	assert_true(mr_guest_conf_equal(&line.guest.conf, &g.conf));
	mr_text_done(&t);
}

static void
a_setting_reads_back_with_its_spaces(void **state)
{
	struct mr_state_line line;
	struct mr_text t = { 0 };

	(void)state;
	mr_state_put_was(&t, "address brvm fe80::1/64", "absent");
	assert_string_equal(t.s, "was \"address brvm fe80::1/64\" \"absent\"\n");
	assert_int_equal(mr_state_get(t.s, t.n - 1, &line), 0);
	assert_int_equal(line.kind, MR_STATE_WAS);
	assert_string_equal(line.was.name, "address brvm fe80::1/64");
	assert_string_equal(line.was.value, "absent");
	mr_text_done(&t);
}

#define WHOLE "home-address 2001:db8::1 prefix 2001:db8::/64 interface brvm"

static void
lines_that_are_not_ours_are_refused_or_ignored(void **state)
{
	static const struct {
		const char *line;
		int want;
	} rows[] = {
		{ "", 0 },
		{ "   ", 0 },
		{ "# anything \" at all", 0 },
		{ "guest running a " WHOLE, 0 },
		{ "guest running a colour red " WHOLE, 0 }, /* of a later version */
		{ "guest", -EBADMSG },
		{ "guest running", -EBADMSG },
		{ "guest running a", -EBADMSG },
		{ "guest flying a " WHOLE, -EBADMSG },
		{ "guest running a " WHOLE " mac", -EBADMSG },
		{ "guest running a " WHOLE " mac 1:2", -EBADMSG },
		{ "guest running a " WHOLE " index -1", -EBADMSG },
		{ "guest running a " WHOLE " sequence 65536", -EBADMSG },
		{ "guest running a " WHOLE " prefix 2001:db8::1/64", -EBADMSG },
		{ "guest running \"a " WHOLE, -EBADMSG },
		{ "guest running a prefix 2001:db8::/64 interface brvm", -EBADMSG },
		{ "guest running a home-address 2001:db8::1 interface brvm", -EBADMSG },
		{ "guest running a home-address 2001:db8::1 prefix 2001:db8::/64", -EBADMSG },
		{ "guest running a " WHOLE " interface abcdefghijklmnop", -EBADMSG },
		{ "was", -EBADMSG },
		{ "was x", -EBADMSG },
		{ "was x \"\"", -EBADMSG },
		{ "will x y", -EBADMSG },
	};
	struct mr_state_line line;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		print_message("  %s\n", rows[i].line);
		assert_int_equal(
		    mr_state_get(rows[i].line, strlen(rows[i].line), &line) < 0, rows[i].want < 0);
	}
}

static void
no_line_however_damaged_is_read_past_its_end(void **state)
{
	struct mr_guest g = guest();
	struct mr_state_line line;
	struct mr_text t = { 0 };
	uint32_t random = 5;

	(void)state;
	mr_state_put_guest(&t, &g);
	for (int i = 0; i < 20000; i++) {
		size_t n = (random >> 3) % t.n;
		char *s = malloc(n + 1); /* exactly as long, so that a sanitizer sees */

		random = random * 1664525 + 1013904223;
		memcpy(s, t.s, n);
		s[n] = 'x';
		if (n > 0)
			s[(random >> 8) % n] = (char)(random >> 24);
		(void)mr_state_get(s, n, &line);
		free(s);
	}
	mr_text_done(&t);
}

static void
more_than_fits_of_anything_is_refused(void **state)
{
	char s[8192] = "guest running a " WHOLE;
	struct mr_state_line line;

	(void)state;
	for (int i = 0; i < 8; i++)
		strcat(s, " prefix 2001:db8:1::/64");
	assert_true(mr_state_get(s, strlen(s), &line) < 0);
	memset(s, 'a', sizeof(s));
	assert_true(mr_state_get(s, sizeof(s), &line) < 0);
	for (size_t i = 0; i < 300; i += 2)
		memcpy(s + i, "a ", 2);
	assert_true(mr_state_get(s, 300, &line) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("X-03", a_guest_reads_back_as_it_was_written),
		TEST("N-41", a_setting_reads_back_with_its_spaces),
		TEST("X-03", lines_that_are_not_ours_are_refused_or_ignored),
		TEST("X-03", no_line_however_damaged_is_read_past_its_end),
		TEST("X-03", more_than_fits_of_anything_is_refused),
	};

	return cmocka_run_group_tests_name("mr_state", tests, NULL, NULL);
}
