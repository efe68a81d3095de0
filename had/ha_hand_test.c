/* ha_hand_test.c - a guest is about to move: asking, being expected, being told. */
#include "had/ha_test.h"

#include "had/ha_hand.h"

static const char *
asks(struct world *w, const char *hoa, const char *from, uint8_t code)
{
	struct wire_writer writer;
	struct mh m = { .type = MH_EXPERIMENTAL };
	struct hand h = {
		.kind = HAND_ASK,
		.code = code,
		.id = 77,
		.flags = AHR,
		.lifetime_s = 120,
		.home = addr(hoa),
		.careof = addr(from),
	};
	uint8_t mh[256], octets[HAND_OCTETS];

	hand_put(&m, &h, octets);
	writer = (struct wire_writer){ .base = mh, .len = sizeof(mh) };
	assert_int_equal(mh_put(&writer, &m), 0);
	receive_octets(w, from, NULL, mh, writer.pos);
	return w->answer;
}

static void
acknowledges(struct world *w, const char *from, uint16_t seq)
{
	struct mh m = { .type = MH_UPA, .upa = { .seq = seq } };
	uint8_t mh[64];
	struct wire_writer writer = { .base = mh, .len = sizeof(mh) };

	assert_int_equal(mh_put(&writer, &m), 0);
	receive_octets(w, from, NULL, mh, writer.pos);
}

/* What the source sends the moment the guest stops: the other's address, from its own. */
static const char *
hands_over(struct world *w, const char *hoa, const char *from, const char *to, uint16_t seq)
{
	return receive(w, &(struct bu){ .hoa = hoa,
			      .from = from,
			      .altcoa = to,
			      .seq = seq,
			      .flags = AHR,
			      .lifetime_s = 120 });
}

/* ---- asking ---- */

static void
question_is_answered_by_the_verdict_and_changes_no_binding(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	world_quiet(w);
	assert_string_equal(
	    asks(w, WEB1, HOST_B, 0), "answer 0 id=77 seq=10 life=120 home=" WEB1 " coa=" HOST_A);
	assert_int_equal(w->n_lines, 0);
	assert_int_equal(w->notices, 0);
	assert_string_equal(w->events, "");
	assert_route(w, WEB1_A, HOST_A);
	/* The same sequence number is still good for the one who has it. */
	assert_string_equal(registers(w, WEB1, HOST_A, 11), "0 seq=11 life=120 R");
}

static void
question_about_a_guest_that_is_nowhere_is_answered(void **state)
{
	struct world *w = *state;

	assert_string_equal(asks(w, WEB1, HOST_B, HAND_EXPECT_ME),
	    "answer 0 id=77 seq=0 life=120 home=" WEB1 " coa=::");
	assert_int_equal(w->n_lines, 0);
	assert_int_equal(w->notices, 0);
}

static void
refusals_have_the_status_of_a_binding_update(void **state)
{
	struct world *w = *state;

	assert_string_equal(asks(w, STRANGER, HOST_B, HAND_EXPECT_ME),
	    "answer 132 id=77 seq=0 life=0 home=" STRANGER " coa=::");
	w->policy.mobile_routers = false;
	assert_string_equal(asks(w, WEB1, HOST_B, HAND_EXPECT_ME),
	    "answer 140 id=77 seq=0 life=0 home=" WEB1 " coa=::");
	assert_int_equal(w->n_lines, 0);
}

/* For another's care-of address, without authentication, with headers M-06 forbids. */
static void
question_that_is_none_is_dropped_in_silence(void **state)
{
	struct world *w = *state;
	struct mh m = { .type = MH_EXPERIMENTAL };
	struct hand h = { .kind = HAND_ASK,
		.flags = AHR,
		.lifetime_s = 120,
		.home = addr(WEB1),
		.careof = addr(HOST_B) };
	uint8_t mh[256], octets[HAND_OCTETS];
	struct wire_writer writer = { .base = mh, .len = sizeof(mh) };

	registers(w, WEB1, HOST_A, 10);
	hand_put(&m, &h, octets);
	assert_int_equal(mh_put(&writer, &m), 0);
	receive_octets(w, HOST_C, NULL, mh, writer.pos);
	assert_string_equal(w->answer, "silence");
	receive_octets(w, HOST_B, WEB1, mh, writer.pos);
	assert_string_equal(w->answer, "silence");
	w->auth = 146;
	assert_string_equal(asks(w, WEB1, HOST_B, HAND_EXPECT_ME), "silence");
	w->auth = 0;
	assert_string_equal(
	    asks(w, WEB1, HOST_B, 0), "answer 0 id=77 seq=10 life=120 home=" WEB1 " coa=" HOST_A);
}

/* ---- being expected ---- */

static void
expected_host_has_its_tunnel_and_its_packets_are_taken(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	assert_true(has_tunnel(w, HOST_B));
	assert_pass(w, HOST_B, KOBJ_SOURCE, WEB1_A, "late");
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB1_A, "yes");
	assert_route(w, WEB1_A, HOST_A);
	assert_string_equal(
	    w->notice, "expected 0 id=0 seq=0 life=0 home=" WEB1 " coa=" HOST_B " to=" HOST_A);
}

static void
who_asks_again_is_expected_longer_and_nobody_is_told_twice(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	acknowledges(w, HOST_A, w->notice_seq);
	for (int i = 0; i < 5; i++) {
		pass_time(w, 30000);
		registers(w, WEB1, HOST_A, (uint16_t)(11 + i));
		asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	}
	assert_int_equal(w->notices, 1);
	pass_time(w, 60000);
	registers(w, WEB1, HOST_A, 50);
	assert_true(has_tunnel(w, HOST_B));
	pass_time(w, 30000);
	assert_false(has_tunnel(w, HOST_B));
	assert_null(binding(w, WEB1)->hand);
}

static void
who_asks_no_more_is_not_expected_and_the_source_hears_it(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	asks(w, WEB1, HOST_C, 0); /* not he */
	assert_true(has_tunnel(w, HOST_B));
	asks(w, WEB1, HOST_B, 0);
	assert_false(has_tunnel(w, HOST_B));
	assert_string_equal(
	    w->notice, "expected 0 id=0 seq=0 life=0 home=" WEB1 " coa=:: to=" HOST_A);
}

static void
notice_is_repeated_until_it_is_acknowledged_from_where_it_went(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	pass_time(w, HA_NOTICE_MS);
	assert_int_equal(w->notices, 2);
	assert_string_equal(w->notice,
	    "expected 0 id=0 seq=0 life=0 home=" WEB1 " coa=" HOST_B " to=" HOST_A " again");
	acknowledges(w, HOST_C, w->notice_seq);
	acknowledges(w, HOST_A, (uint16_t)(w->notice_seq + 1));
	pass_time(w, 2 * HA_NOTICE_MS);
	assert_int_equal(w->notices, 3);
	acknowledges(w, HOST_A, w->notice_seq);
	for (int i = 0; i < 60; i++)
		pass_time(w, 1000);
	assert_int_equal(w->notices, 3);
}

static void
notice_that_nobody_acknowledges_ends(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	for (int i = 0; i < 85; i++)
		pass_time(w, 1000);
	assert_int_equal(w->notices, HA_NOTICE_SENDS);
}

static void
refused_by_the_kernel_nobody_is_expected(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	w->fail = HOST_B;
	w->fail_with = -EIO;
	assert_string_equal(asks(w, WEB1, HOST_B, HAND_EXPECT_ME),
	    "answer 141 id=77 seq=10 life=0 home=" WEB1 " coa=" HOST_A);
	assert_null(binding(w, WEB1)->hand);
	assert_int_equal(w->notices, 0);
	assert_route(w, WEB1_A, HOST_A);
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB1_A, "yes");
}

/* ---- being handed over ---- */

static void
source_hands_over_and_the_destination_hears_it(void **state)
{
	struct world *w = *state;
	struct in6_addr source;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	world_quiet(w);
	assert_string_equal(hands_over(w, WEB1, HOST_A, HOST_B, 11), "0 seq=11 life=120 R");
	source = addr(HOST_A);
	assert_true(ip6_equal(&w->answer_to, &source));
	assert_route(w, WEB1_A, HOST_B);
	assert_int_equal(told(w, "clear", "route"), 0); /* X-05 */
	assert_string_equal(
	    w->notice, "switched 0 id=0 seq=11 life=120 home=" WEB1 " coa=" HOST_A " to=" HOST_B);
	/* X-08 */
	assert_pass(w, HOST_A, KOBJ_SOURCE, WEB1_A, "late");
	/* The destination goes on from the number it heard. */
	assert_string_equal(registers(w, WEB1, HOST_B, 12), "0 seq=12 life=120 R");
}

static void
destination_that_registers_itself_is_not_told(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	acknowledges(w, HOST_A, w->notice_seq);
	world_quiet(w);
	registers(w, WEB1, HOST_B, 11);
	assert_int_equal(w->notices, 0);
	assert_null(binding(w, WEB1)->hand);
}

/* The migration failed after the switch: the source's own registration is the newest. */
static void
source_takes_it_back(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	hands_over(w, WEB1, HOST_A, HOST_B, 11);
	assert_string_equal(registers(w, WEB1, HOST_A, 12), "0 seq=12 life=120 R");
	assert_route(w, WEB1_A, HOST_A);
	pass_time(w, 2000);
	assert_false(has_tunnel(w, HOST_B));
}

/* Where the way back decides who may come, the route has to be there before the pass goes. */
static void
who_was_late_is_so_until_the_route_leads_to_him(void **state)
{
	struct world *w = *state;
	size_t route = 0, pass = 0;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	world_quiet(w);
	hands_over(w, WEB1, HOST_A, HOST_B, 11);
	for (size_t i = 0; i < w->n_lines; i++) {
		if (strstr(w->lines[i], "set route " WEB1_A))
			route = i + 1;
		if (strstr(w->lines[i], "set pass source " WEB1_A " iif tunnel(" HOST_B ")"))
			pass = i + 1;
	}
	assert_true(route > 0 && pass > route);
}

static void
another_host_that_gets_it_is_told_who_is_expected(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	world_quiet(w);
	registers(w, WEB1, HOST_C, 11);
	assert_string_equal(
	    w->notice, "expected 0 id=0 seq=0 life=0 home=" WEB1 " coa=" HOST_B " to=" HOST_C);
}

static void
deregistration_ends_the_expectation(void **state)
{
	struct world *w = *state;

	registers(w, WEB1, HOST_A, 10);
	asks(w, WEB1, HOST_B, HAND_EXPECT_ME);
	receive(w, &(struct bu){ .hoa = WEB1, .seq = 11, .flags = AHR, .lifetime_s = 0 });
	assert_false(has_tunnel(w, HOST_B));
	assert_null(binding(w, WEB1)->hand);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(question_is_answered_by_the_verdict_and_changes_no_binding, ""),
		T(question_about_a_guest_that_is_nowhere_is_answered, ""),
		T(refusals_have_the_status_of_a_binding_update, "N-26"),
		T(question_that_is_none_is_dropped_in_silence, "M-06 N-47"),
		T(expected_host_has_its_tunnel_and_its_packets_are_taken, "N-39"),
		T(who_asks_again_is_expected_longer_and_nobody_is_told_twice, ""),
		T(who_asks_no_more_is_not_expected_and_the_source_hears_it, ""),
		T(notice_is_repeated_until_it_is_acknowledged_from_where_it_went, ""),
		T(notice_that_nobody_acknowledges_ends, ""),
		T(refused_by_the_kernel_nobody_is_expected, "N-18"),
		T(source_hands_over_and_the_destination_hears_it, "M-13 X-05 X-08"),
		T(destination_that_registers_itself_is_not_told, ""),
		T(source_takes_it_back, "X-08"),
		T(who_was_late_is_so_until_the_route_leads_to_him, "X-05 X-08"),
		T(another_host_that_gets_it_is_told_who_is_expected, ""),
		T(deregistration_ends_the_expectation, "N-20"),
	};

	return cmocka_run_group_tests_name("ha_hand", tests, NULL, NULL);
}
