/* mr_hand_test.c - see mr_hand.h. */
#include "mrd/mr_hand.h"

#include "mrd/mr_test.h"

#define HOST_A "2001:db8:a::10"
#define HOST_B "2001:db8:b::10"
#define HOST_C "2001:db8:c::10"

static const struct mr_hand_conf conf = {
	.ask = true, .early = true, .ask_timeout_ms = 1000, .grace_ms = 2000
};

/* What one host's side of it has done to the world. */
struct bench {
	struct mr_hand hand;
	unsigned asks, cancels, hands, answers;
	bool no_hands; /* the rate says no */
	uint16_t seq;
};

static void
on_ask(void *ctx, const struct mr_hand *hand, uint8_t code)
{
	struct bench *b = ctx;

	(void)hand;
	if (code == HAND_EXPECT_ME)
		b->asks++;
	else
		b->cancels++;
}

static bool
on_hand_over(void *ctx, const struct mr_hand *hand, const struct tick *now, uint16_t *ret_seq)
{
	struct bench *b = ctx;

	(void)now;
	assert_false(ip6_is_any(&hand->target));
	if (b->no_hands)
		return false;
	b->hands++;
	*ret_seq = ++b->seq;
	return true;
}

static void
on_answered(void *ctx, const struct mr_hand *hand)
{
	struct bench *b = ctx;

	assert_true(hand->ask != MR_ASK_OPEN);
	b->answers++;
}

static void
set_up(struct bench *b, const struct mr_hand_conf *with)
{
	static const struct mr_hand_ops ops = { on_ask, on_hand_over, on_answered };

	memset(b, 0, sizeof(*b));
	mr_hand_init(&b->hand, with, &ops, b);
}

static void
tick_to(struct bench *b, int64_t from_ms, int64_t to_ms)
{
	for (int64_t ms = from_ms; ms <= to_ms; ms++) {
		struct tick now = at_ms(ms);

		if (mono_reached(now.now, mr_hand_due(&b->hand)))
			mr_hand_tick(&b->hand, &now);
	}
}

static bool
answered(struct bench *b, uint16_t id, uint8_t code, const char *where, int64_t ms)
{
	struct hand h = { .kind = HAND_ANSWER, .id = id, .code = code, .careof = addr_of(where) };
	struct in6_addr self = addr_of(HOST_B);
	struct tick now = at_ms(ms);

	return mr_hand_answer(&b->hand, &h, &self, &now);
}

static bool
told(struct bench *b, const char *target, int64_t ms)
{
	struct hand h = { .kind = HAND_EXPECTED, .careof = addr_of(target) };
	struct in6_addr self = addr_of(HOST_A);
	struct tick now = at_ms(ms);

	return mr_hand_expected(&b->hand, &h, &self, &now);
}

static bool
acknowledged(struct bench *b, uint16_t seq, uint8_t status, int64_t ms)
{
	struct mh_ba ba = { .status = status, .seq = seq };
	struct tick now = at_ms(ms);

	return mr_hand_acknowledged(&b->hand, &ba, &now);
}

#define AT(ms) (&(struct tick){ .now = { 1000000 + (ms) }, .unix_ms = T0_UNIX_MS + (ms) })

/* ---- the destination ---- */

static void
question_is_asked_until_the_timeout_and_then_it_is_unknown(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	mr_hand_incoming(&b.hand, 7, AT(0));
	assert_int_equal(b.asks, 1);
	tick_to(&b, 1, 999);
	assert_int_equal(b.asks, 4); /* 0, 100, 300, 700 */
	assert_int_equal(b.hand.ask, MR_ASK_OPEN);
	tick_to(&b, 1000, 1000);
	assert_int_equal(b.hand.ask, MR_ASK_UNKNOWN);
	assert_int_equal(b.answers, 1);
	tick_to(&b, 1001, 100000);
	assert_int_equal(b.asks, 4);
	assert_false(b.hand.expected);
}

static void
yes_says_where_the_guest_is_and_opens_the_way_out(void **state)
{
	struct in6_addr a = addr_of(HOST_A);
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	mr_hand_incoming(&b.hand, 7, AT(0));
	assert_false(answered(&b, 6, 0, HOST_A, 20));
	assert_true(answered(&b, 7, 0, HOST_A, 20));
	assert_false(answered(&b, 7, 0, HOST_A, 21)); /* twice */
	assert_int_equal(b.hand.ask, MR_ASK_YES);
	assert_true(b.hand.expected);
	assert_true(ip6_equal(&b.hand.source, &a));
	assert_int_equal(b.hand.rtt_ms, 20);
	assert_int_equal(b.answers, 1);
	assert_null(mr_hand_onward(&b.hand));
}

/* Nobody has it, or this host itself: a start, not a migration. */
static void
yes_to_a_guest_that_is_nowhere_opens_nothing(void **state)
{
	static const char *const where[] = { "::", HOST_B };
	struct bench b;

	(void)state;
	for (size_t i = 0; i < countof(where); i++) {
		set_up(&b, &conf);
		mr_hand_incoming(&b.hand, 7, AT(0));
		assert_true(answered(&b, 7, 0, where[i], 20));
		assert_int_equal(b.hand.ask, MR_ASK_YES);
		assert_false(b.hand.expected);
		assert_true(ip6_is_any(&b.hand.source));
	}
}

static void
no_has_its_status(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	mr_hand_incoming(&b.hand, 7, AT(0));
	assert_true(answered(&b, 7, 142, "::", 20));
	assert_int_equal(b.hand.ask, MR_ASK_NO);
	assert_int_equal(b.hand.status, 142);
	assert_false(b.hand.expected);
	tick_to(&b, 21, 100000);
	assert_int_equal(b.asks, 1);
}

static void
home_agent_that_does_not_know_the_question_is_not_waited_for(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	assert_false(mr_hand_not_understood(&b.hand));
	mr_hand_incoming(&b.hand, 7, AT(0));
	assert_true(mr_hand_not_understood(&b.hand));
	assert_int_equal(b.hand.ask, MR_ASK_UNKNOWN);
	tick_to(&b, 1, 100000);
	assert_int_equal(b.asks, 1);
}

static void
awaited_guest_is_asked_for_again_and_that_is_not_news(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	mr_hand_incoming(&b.hand, 7, AT(0));
	answered(&b, 7, 0, HOST_A, 20);
	tick_to(&b, 21, 30020);
	assert_int_equal(b.asks, 2);
	assert_true(answered(&b, 8, 0, HOST_A, 30040));
	assert_int_equal(b.answers, 1);
	/* Not answered: still a yes, and asked for on. */
	tick_to(&b, 30041, 200000);
	assert_int_equal(b.hand.ask, MR_ASK_YES);
	assert_true(b.hand.expected);
	assert_in_range(b.asks, 12, 30);
}

static void
guest_that_does_not_come_is_not_expected_any_more(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	mr_hand_incoming(&b.hand, 7, AT(0));
	answered(&b, 7, 0, HOST_A, 20);
	mr_hand_gone(&b.hand, true, AT(500));
	assert_int_equal(b.cancels, 1);
	assert_false(b.hand.expected);
	assert_true(ip6_is_any(&b.hand.source));
	assert_int_equal(b.hands, 0); /* the source says where it is */
}

static void
what_came_for_a_guest_that_does_not_come_goes_back_for_the_grace(void **state)
{
	struct in6_addr source = addr_of(HOST_A);
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	mr_hand_incoming(&b.hand, 7, AT(0));
	answered(&b, 7, 0, HOST_A, 20);
	mr_hand_gone(&b.hand, true, AT(500));
	assert_true(ip6_equal(mr_hand_onward(&b.hand), &source));
	tick_to(&b, 501, 2499);
	assert_non_null(mr_hand_onward(&b.hand));
	tick_to(&b, 2500, 2500);
	assert_null(mr_hand_onward(&b.hand));
	assert_int_equal(mr_hand_due(&b.hand).ms, INT64_MAX);
}

/* At the source: it resumed there. */
static void
guest_that_comes_back_gets_what_the_other_has_got(void **state)
{
	struct in6_addr target = addr_of(HOST_B);
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	told(&b, HOST_B, 0);
	mr_hand_suspended(&b.hand, AT(0));
	mr_hand_running(&b.hand, AT(100));
	assert_true(ip6_equal(&b.hand.source, &target));
	assert_false(b.hand.expected);
	tick_to(&b, 101, 2100);
	assert_true(ip6_is_any(&b.hand.source));
}

static void
switch_heard_before_the_arrival_is_remembered(void **state)
{
	struct hand h = { .kind = HAND_SWITCHED, .seq = 77, .lifetime_s = 120 };
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	assert_false(mr_hand_switched(&b.hand, &h, AT(0)));
	mr_hand_incoming(&b.hand, 7, AT(0));
	answered(&b, 7, 0, HOST_A, 20);
	assert_true(mr_hand_switched(&b.hand, &h, AT(300)));
	assert_int_equal(b.hand.switched.seq, 77);
	assert_int_equal(b.hand.switched.lifetime_s, 120);
	mr_hand_gone(&b.hand, true, AT(500));
	assert_int_equal(b.hand.switched.lifetime_s, 0);
}

static void
source_is_let_in_for_the_grace_after_the_arrival(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	mr_hand_incoming(&b.hand, 7, AT(0));
	answered(&b, 7, 0, HOST_A, 20);
	mr_hand_running(&b.hand, AT(500));
	assert_true(b.hand.expected); /* until the registration says more */
	tick_to(&b, 501, 2499);
	assert_false(ip6_is_any(&b.hand.source));
	tick_to(&b, 2500, 2500);
	assert_true(ip6_is_any(&b.hand.source));
	assert_int_equal(b.asks, 1);
}

/* ---- the source ---- */

static void
guest_is_handed_over_the_moment_it_stops(void **state)
{
	struct in6_addr target = addr_of(HOST_B);
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	assert_true(told(&b, HOST_B, 0));
	assert_null(mr_hand_onward(&b.hand));
	assert_int_equal(b.hands, 0);
	mr_hand_suspended(&b.hand, AT(300));
	assert_int_equal(b.hands, 1);
	assert_true(ip6_equal(mr_hand_onward(&b.hand), &target));
	mr_hand_suspended(&b.hand, AT(301)); /* said twice */
	assert_int_equal(b.hands, 1);
	assert_true(acknowledged(&b, 1, 0, 310));
	tick_to(&b, 311, 5000);
	assert_int_equal(b.hands, 1);
	assert_true(b.hand.handed);
}

static void
handing_over_is_repeated_after_one_and_a_half_round_trips_three_times_at_most(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	b.hand.rtt_ms = 20;
	told(&b, HOST_B, 0);
	mr_hand_suspended(&b.hand, AT(0));
	tick_to(&b, 1, 29);
	assert_int_equal(b.hands, 1);
	tick_to(&b, 30, 30);
	assert_int_equal(b.hands, 2);
	tick_to(&b, 31, 90);
	assert_int_equal(b.hands, 3);
	tick_to(&b, 91, 10000);
	assert_int_equal(b.hands, MR_HANDS);
	/* An answer to the first is one. */
	assert_true(acknowledged(&b, 1, 0, 10001));
	assert_true(b.hand.handed);
}

static void
who_hears_late_who_is_expected_hands_over_then(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	mr_hand_suspended(&b.hand, AT(0));
	assert_int_equal(b.hands, 0);
	assert_null(mr_hand_onward(&b.hand));
	told(&b, HOST_B, 20);
	assert_int_equal(b.hands, 1);
	assert_non_null(mr_hand_onward(&b.hand));
}

static void
stale_number_is_followed_by_a_newer_one(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	told(&b, HOST_B, 0);
	mr_hand_suspended(&b.hand, AT(0));
	assert_true(acknowledged(&b, 4000, MH_SEQUENCE, 10));
	assert_int_equal(b.hands, 2);
	assert_false(acknowledged(&b, 99, 0, 11));
}

static void
refused_by_the_home_agent_it_stays_so(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	told(&b, HOST_B, 0);
	mr_hand_suspended(&b.hand, AT(0));
	assert_true(acknowledged(&b, 1, MH_INVALID_COA, 10));
	assert_false(b.hand.handed);
	tick_to(&b, 11, 5000);
	assert_int_equal(b.hands, 1);
}

static void
guest_that_did_not_go_is_nobody_elses(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	told(&b, HOST_B, 0);
	mr_hand_suspended(&b.hand, AT(0));
	mr_hand_running(&b.hand, AT(100));
	assert_null(mr_hand_onward(&b.hand));
	/* A pause of another kind, later, is no handover. */
	mr_hand_suspended(&b.hand, AT(5000));
	assert_int_equal(b.hands, 1);
	assert_null(mr_hand_onward(&b.hand));
}

static void
what_comes_late_is_sent_on_for_the_grace(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	told(&b, HOST_B, 0);
	mr_hand_suspended(&b.hand, AT(0));
	acknowledged(&b, 1, 0, 10);
	mr_hand_gone(&b.hand, false, AT(400));
	tick_to(&b, 401, 2399);
	assert_non_null(mr_hand_onward(&b.hand));
	tick_to(&b, 2400, 2400);
	assert_null(mr_hand_onward(&b.hand));
	assert_true(ip6_is_any(&b.hand.target));
}

/* Nobody said `suspended`. */
static void
guest_that_is_simply_gone_is_handed_over(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	told(&b, HOST_B, 0);
	mr_hand_gone(&b.hand, false, AT(0));
	assert_int_equal(b.hands, 1);
	assert_non_null(mr_hand_onward(&b.hand));
}

static void
expectation_taken_back_is_forgotten(void **state)
{
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	told(&b, HOST_B, 0);
	assert_true(told(&b, "::", 100));
	mr_hand_suspended(&b.hand, AT(200));
	assert_int_equal(b.hands, 0);
	assert_null(mr_hand_onward(&b.hand));
	assert_false(told(&b, HOST_A, 300)); /* ourselves: a stale message */
}

static void
newest_expected_host_counts(void **state)
{
	struct in6_addr target = addr_of(HOST_C);
	struct bench b;

	(void)state;
	set_up(&b, &conf);
	told(&b, HOST_B, 0);
	told(&b, HOST_C, 10);
	mr_hand_suspended(&b.hand, AT(200));
	assert_true(ip6_equal(mr_hand_onward(&b.hand), &target));
}

static void
turned_off_nothing_is_asked_and_nothing_handed_over(void **state)
{
	static const struct mr_hand_conf off = { .grace_ms = 2000 };
	struct bench b;

	(void)state;
	set_up(&b, &off);
	mr_hand_incoming(&b.hand, 7, AT(0));
	assert_int_equal(b.asks, 0);
	assert_int_equal(b.hand.ask, MR_ASK_NONE);
	mr_hand_running(&b.hand, AT(100));
	told(&b, HOST_B, 200);
	mr_hand_suspended(&b.hand, AT(300));
	assert_int_equal(b.hands, 0);
	assert_null(mr_hand_onward(&b.hand));
	mr_hand_gone(&b.hand, false, AT(400));
	assert_int_equal(b.hands, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("", question_is_asked_until_the_timeout_and_then_it_is_unknown),
		TEST("", yes_says_where_the_guest_is_and_opens_the_way_out),
		TEST("", yes_to_a_guest_that_is_nowhere_opens_nothing),
		TEST("", no_has_its_status),
		TEST("", home_agent_that_does_not_know_the_question_is_not_waited_for),
		TEST("", awaited_guest_is_asked_for_again_and_that_is_not_news),
		TEST("", guest_that_does_not_come_is_not_expected_any_more),
		TEST("X-09", what_came_for_a_guest_that_does_not_come_goes_back_for_the_grace),
		TEST("X-09", guest_that_comes_back_gets_what_the_other_has_got),
		TEST("", switch_heard_before_the_arrival_is_remembered),
		TEST("X-09", source_is_let_in_for_the_grace_after_the_arrival),
		TEST("X-03 X-09", guest_is_handed_over_the_moment_it_stops),
		TEST("M-43",
		    handing_over_is_repeated_after_one_and_a_half_round_trips_three_times_at_most),
		TEST("", who_hears_late_who_is_expected_hands_over_then),
		TEST("M-48", stale_number_is_followed_by_a_newer_one),
		TEST("", refused_by_the_home_agent_it_stays_so),
		TEST("", guest_that_did_not_go_is_nobody_elses),
		TEST("X-09", what_comes_late_is_sent_on_for_the_grace),
		TEST("", guest_that_is_simply_gone_is_handed_over),
		TEST("", expectation_taken_back_is_forgotten),
		TEST("", newest_expected_host_counts),
		TEST("", turned_off_nothing_is_asked_and_nothing_handed_over),
	};

	return cmocka_run_group_tests_name("mr_hand", tests, NULL, NULL);
}
