/* mr_seq_test.c - see mr_seq.h. */
#include "mrd/mr_seq.h"

#include "common/wire/mh.h"
#include "mrd/mr_test.h"

static void
the_number_is_the_time_in_steps_of_a_64th_of_a_second(void **state)
{
	static const struct {
		int64_t unix_ms;
		uint16_t seq;
	} rows[] = {
		{ 0, 0 },
		{ 15, 0 },
		{ 16, 1 },
		{ 1000, 64 },
		{ 1024000, 0 },
		{ 1023999, 65535 },
		{ 1700000000000, (uint16_t)(1700000000ULL * 64 % 65536) },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_int_equal(mr_seq_of_time(rows[i].unix_ms), rows[i].seq);
}

static void
each_number_is_newer_than_the_one_before_through_all_65536(void **state)
{
	struct mr_seq s = { 0 };
	uint16_t last = mr_seq_next(&s, T0_UNIX_MS);

	(void)state;
	/* Thirteen in a burst, then a leap: faster than the clock, and slower. */
	for (int i = 0; i < 200000; i++) {
		uint16_t next = mr_seq_next(&s, T0_UNIX_MS + i / 13 * 211);

		assert_true(mh_seq_newer(next, last));
		last = next;
	}
}

static void
another_host_within_250_ms_is_newer_half_a_second_later(void **state)
{
	(void)state;
	for (int64_t when = T0_UNIX_MS; when < T0_UNIX_MS + 1100000; when += 97) {
		for (int64_t skew = -250; skew <= 250; skew += 50) {
			struct mr_seq here = { 0 }, there = { 0 };
			uint16_t a = mr_seq_next(&here, when);
			uint16_t b = mr_seq_next(&there, when + skew + 270);

			assert_true(mh_seq_newer(b, a));
		}
	}
}

static void
a_clock_set_back_does_not_make_a_number_older(void **state)
{
	struct mr_seq s = { 0 };
	uint16_t last = mr_seq_next(&s, T0_UNIX_MS);

	(void)state;
	assert_int_equal(mr_seq_next(&s, T0_UNIX_MS - 5000), (uint16_t)(last + 1));
	for (int64_t back_ms = 0; back_ms < 7200000; back_ms += 4999) {
		last = s.last;
		assert_true(mh_seq_newer(mr_seq_next(&s, T0_UNIX_MS - back_ms), last));
	}
}

static void
what_the_home_agent_says_is_followed_by_the_next_value(void **state)
{
	struct mr_seq s = { 0 };

	(void)state;
	(void)mr_seq_next(&s, T0_UNIX_MS);
	mr_seq_learn(&s, 4242, T0_UNIX_MS);
	assert_int_equal(mr_seq_next(&s, T0_UNIX_MS), 4243);
	mr_seq_learn(&s, 65535, T0_UNIX_MS);
	assert_int_equal(mr_seq_next(&s, T0_UNIX_MS), 0);
	/* Whatever the clock says: the value after the given one, not a newer one. */
	mr_seq_learn(&s, (uint16_t)(mr_seq_of_time(T0_UNIX_MS) - 100), T0_UNIX_MS);
	assert_int_equal(mr_seq_next(&s, T0_UNIX_MS), (uint16_t)(mr_seq_of_time(T0_UNIX_MS) - 99));
}

static void
after_a_long_silence_only_the_clock_counts(void **state)
{
	struct mr_seq s = { 0 };

	(void)state;
	mr_seq_learn(&s, (uint16_t)(mr_seq_of_time(T0_UNIX_MS) + 30000), T0_UNIX_MS);
	assert_int_equal(mr_seq_next(&s, T0_UNIX_MS + MR_SEQ_FORGET_MS),
	    mr_seq_of_time(T0_UNIX_MS + MR_SEQ_FORGET_MS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("X-01", the_number_is_the_time_in_steps_of_a_64th_of_a_second),
		TEST("M-42", each_number_is_newer_than_the_one_before_through_all_65536),
		TEST("X-01 M-42", another_host_within_250_ms_is_newer_half_a_second_later),
		TEST("M-42", a_clock_set_back_does_not_make_a_number_older),
		TEST("M-48", what_the_home_agent_says_is_followed_by_the_next_value),
		TEST("M-42", after_a_long_silence_only_the_clock_counts),
	};

	return cmocka_run_group_tests_name("mr_seq", tests, NULL, NULL);
}
