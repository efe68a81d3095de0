/* text_test.c - what is a value and what is not. */
#include "common/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/base/base.h"

static void
durations_need_a_unit_and_come_back_in_the_shortest_form(void **state)
{
	static const struct {
		const char *in;
		int r;
		int64_t ms;
		const char *out;
	} rows[] = {
		{ "0", 0, 0, "0" },
		{ "0s", 0, 0, "0" },
		{ "250ms", 0, 250, "250ms" },
		{ "10s", 0, 10000, "10s" },
		{ "90s", 0, 90000, "90s" },
		{ "120s", 0, 120000, "2m" },
		{ "90000ms", 0, 90000, "90s" },
		{ "4m", 0, 240000, "4m" },
		{ "24h", 0, 86400000, "1d" },
		{ "106751991167d", 0, 9223372036828800000, "106751991167d" },
		{ "106751991168d", -ERANGE, 0, NULL },
		{ "99999999999999999999s", -ERANGE, 0, NULL },
		{ "10", -EINVAL, 0, NULL },
		{ "", -EINVAL, 0, NULL },
		{ "s", -EINVAL, 0, NULL },
		{ "-1s", -EINVAL, 0, NULL },
		{ "+1s", -EINVAL, 0, NULL },
		{ " 1s", -EINVAL, 0, NULL },
		{ "1 s", -EINVAL, 0, NULL },
		{ "1s ", -EINVAL, 0, NULL },
		{ "1.5s", -EINVAL, 0, NULL },
		{ "1S", -EINVAL, 0, NULL },
		{ "00", 0, 0, "0" },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		int64_t ms = 42;

		assert_int_equal(text_to_ms(rows[i].in, &ms), rows[i].r);
		assert_int_equal(ms, rows[i].r == 0 ? rows[i].ms : 42);
		if (rows[i].out)
			assert_string_equal(text_ms(ms, text), rows[i].out);
	}
	assert_string_equal(text_ms(-1500, text), "-1500ms");
}

static void
prefixes_are_strict_and_host_bits_are_told_apart(void **state)
{
	static const struct {
		const char *in;
		int r;
		const char *out;
	} rows[] = {
		{ "2001:db8::/32", 0, "2001:db8::/32" },
		{ "::/0", 0, "::/0" },
		{ "2001:DB8:0:0::1/128", 0, "2001:db8::1/128" },
		{ "2001:db8::1/64", -ERANGE, "2001:db8::/64" },
		{ "2001:db8::1/127", -ERANGE, "2001:db8::/127" },
		{ "2001:db8:ffff::/33", -ERANGE, "2001:db8:8000::/33" },
		{ "8000::/0", -ERANGE, "::/0" },
		{ "2001:db8::", -EINVAL, NULL },
		{ "2001:db8::/", -EINVAL, NULL },
		{ "2001:db8::/129", -EINVAL, NULL },
		{ "2001:db8::/-1", -EINVAL, NULL },
		{ "2001:db8::/64 ", -EINVAL, NULL },
		{ " 2001:db8::/64", -EINVAL, NULL },
		{ "2001:db8::/64/64", -EINVAL, NULL },
		{ "/64", -EINVAL, NULL },
		{ "10.0.0.0/8", -EINVAL, NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa/64", -EINVAL, NULL },
	};
	char text[TEXT_PREFIX_MAX];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct ip6_prefix p = { .len = 99 };

		assert_int_equal(text_to_prefix(rows[i].in, &p), rows[i].r);
		if (rows[i].out)
			assert_string_equal(text_prefix(&p, text), rows[i].out);
		else
			assert_int_equal(p.len, 99);
	}
}

static void
macs_are_six_pairs_of_digits(void **state)
{
	static const char *const bad[] = { "", "02", "02:00:00:00:00", "02:00:00:00:00:0",
		"02:00:00:00:00:01:", "02:00:00:00:00:01:02", "02-00-00-00-00-01", "2:0:0:0:0:1",
		"0g:00:00:00:00:01", " 02:00:00:00:00:01" };
	struct nd_mac m = { { 0 } };
	char text[TEXT_MAC_MAX];

	(void)state;
	assert_int_equal(text_to_mac("02:aB:Cd:00:00:ff", &m), 0);
	assert_string_equal(text_mac(&m, text), "02:ab:cd:00:00:ff");
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(text_to_mac(bad[i], &m), -EINVAL);
	assert_string_equal(text_mac(&m, text), "02:ab:cd:00:00:ff");
}

static void
numbers_are_whole_and_within_bounds(void **state)
{
	uint32_t n = 7;

	(void)state;
	assert_int_equal(text_to_u32("4294967295", 0, UINT32_MAX, &n), 0);
	assert_int_equal(n, UINT32_MAX);
	assert_int_equal(text_to_u32("4294967296", 0, UINT32_MAX, &n), -ERANGE);
	assert_int_equal(text_to_u32("9", 10, 20, &n), -ERANGE);
	assert_int_equal(text_to_u32("21", 10, 20, &n), -ERANGE);
	assert_int_equal(text_to_u32("99999999999999999999", 10, 20, &n), -ERANGE);
	assert_int_equal(text_to_u32("-1", 0, 20, &n), -EINVAL);
	assert_int_equal(text_to_u32("0x10", 0, 20, &n), -EINVAL);
	assert_int_equal(text_to_u32("", 0, 20, &n), -EINVAL);
	assert_int_equal(text_to_u32("1 ", 0, 20, &n), -EINVAL);
	assert_int_equal(n, UINT32_MAX);
}

static void
addresses_come_back_as_rfc_5952_writes_them(void **state)
{
	struct in6_addr a;
	char text[TEXT_ADDR_MAX];

	(void)state;
	assert_int_equal(text_to_addr("2001:0DB8:0:0:1:0:0:1", &a), 0);
	assert_string_equal(text_addr(&a, text), "2001:db8::1:0:0:1");
	assert_int_equal(text_to_addr("2001:db8::1%eth0", &a), -EINVAL);
	assert_int_equal(text_to_addr("", &a), -EINVAL);
}

static void
moments_are_seconds_with_up_to_six_digits_behind_the_point(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{ "0", 0 },
		{ "1700000000", 1700000000000000 },
		{ "1700000000.123456", 1700000000123456 },
		{ "1700000000.5", 1700000000500000 },
	};
	static const char *const bad[] = { "", "x", "-1", "1.", "1.x", "1.1234567", "1 ",
		"99999999999999999999" };
	int64_t us = 7;

	(void)state;
	for (size_t i = 0; i < countof(good); i++) {
		assert_int_equal(text_to_unix_us(good[i].text, &us), 0);
		assert_int_equal(us, good[i].us);
	}
	for (size_t i = 0; i < countof(bad); i++)
		assert_true(text_to_unix_us(bad[i], &us) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_need_a_unit_and_come_back_in_the_shortest_form),
		cmocka_unit_test(prefixes_are_strict_and_host_bits_are_told_apart),
		cmocka_unit_test(macs_are_six_pairs_of_digits),
		cmocka_unit_test(numbers_are_whole_and_within_bounds),
		cmocka_unit_test(addresses_come_back_as_rfc_5952_writes_them),
		cmocka_unit_test(moments_are_seconds_with_up_to_six_digits_behind_the_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
