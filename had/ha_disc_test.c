/*
 * ha_disc_test.c - discovery: the list, the answers, the advertisements, the prefixes.
 *
 * Frames and packets go in and come out whole, and are read by the codecs.
 */
#include "had/ha_test.h"

#include "had/ha_disc.h"
#include "had/ha_random.h"

#define ANYCAST "2001:db8:100:0:fdff:ffff:ffff:fffe"
#define NODE "2001:db8:a::10"
#define OWN_LL "fe80::1"

struct air {
	struct ha_disc *disc;
	struct ha_policy policy;
	mono_t now;
	uint8_t packet[IP6_MIN_MTU]; /* the last sent */
	size_t packet_n;
	unsigned packets;
	mono_t packet_at;
	struct nd_ra ra; /* the last advertised */
	struct nd_path path;
	unsigned ras;
};

static void
air_icmp6(void *ctx, const struct ip6_icmp6_out *out)
{
	struct air *a = ctx;
	struct wire_writer w = { .base = a->packet, .len = sizeof(a->packet) };

	assert_int_equal(ip6_icmp6_packet_put(&w, out), 0);
	a->packet_n = w.pos;
	a->packets++;
	a->packet_at = a->now;
}

static void
air_frame(void *ctx, const char *dev, const uint8_t *p, size_t n)
{
	struct air *a = ctx;

	assert_string_equal(dev, "home0");
	assert_int_equal(nd_ra_get(p, n, &a->path, &a->ra), 0);
	a->ras++;
}

static const struct ha_disc_ops air_ops = { air_icmp6, air_frame };

static struct ha_policy
policy_with(bool link)
{
	struct ha_policy p = {
		.address = addr(HA),
		.home_agent = true,
		.mobile_routers = true,
		.discovery = true,
		.prefix_discovery = true,
		.prefix_min_ms = 600000,
		.prefix_max_ms = 86400000,
	};

	if (!link) {
		p.homes = 1;
		p.home[0] = prefix("2001:db8:100::/64");
		return p;
	}
	p.links = 1;
	strcpy(p.link[0].dev, "home0");
	p.link[0].n = 1;
	p.link[0].prefix[0] = prefix("2001:db8:100::/64");
	p.link[0].valid_ms = 2592000000;
	p.link[0].preferred_ms = 604800000;
	p.link[0].advertise = true;
	p.link[0].interval_min_ms = 200000;
	p.link[0].interval_max_ms = 600000;
	return p;
}

static void
begin(struct air *a, const struct ha_policy *p)
{
	const struct nd_mac mac = { { 2, 0, 0, 0, 0, 1 } };
	const struct in6_addr ll = addr(OWN_LL);

	memset(a, 0, sizeof(*a));
	a->policy = *p;
	a->now = (mono_t){ 1000000 };
	a->disc = ha_disc_new(&air_ops, a, 7);
	assert_non_null(a->disc);
	ha_disc_configure(a->disc, &a->policy, a->now);
	ha_disc_station(a->disc, "home0", &mac, &ll, a->now);
}

/* Let time go by, and do what is due when it is. */
static void
pass(struct air *a, int64_t ms)
{
	mono_t end = mono_add_ms(a->now, ms);

	while (mono_reached(end, ha_disc_deadline(a->disc))) {
		mono_t due = ha_disc_deadline(a->disc);

		if (mono_before(a->now, due))
			a->now = due;
		ha_disc_tick(a->disc, a->now);
	}
	a->now = end;
}

/* ---- requests ---- */

static bool
ask_at(struct air *a, const char *from, const char *to, bool r, struct icmp6_dhaad *ret_reply)
{
	const struct icmp6_dhaad request = { .id = 0x1234, .mobile_router = r };
	const struct in6_addr src = addr(from), dst = addr(to);
	uint8_t message[64];
	struct wire_writer w = { .base = message, .len = sizeof(message) };
	struct ip6_mh_packet p = { .src = src, .dst = dst, .upper = IP6_ICMP6, .icmp6 = message };
	struct wire_reader reader;
	unsigned before = a->packets;

	assert_int_equal(icmp6_dhaad_put(&w, &request, &src, &dst), 0);
	p.icmp6_len = w.pos;
	ha_disc_receive(a->disc, &p, a->now);
	if (a->packets == before)
		return false;
	assert_int_equal(ip6_mh_packet_get(a->packet, a->packet_n, &p), 0);
	assert_true(ip6_equal(&p.src, &a->policy.address) && ip6_equal(&p.dst, &src));
	assert_int_equal(ip6_checksum(&p.src, &p.dst, IP6_ICMP6, p.icmp6, p.icmp6_len), 0);
	reader = (struct wire_reader){ .base = p.icmp6, .len = p.icmp6_len };
	assert_int_equal(icmp6_dhaad_get(&reader, ret_reply), 0);
	assert_true(ret_reply->reply && ret_reply->id == 0x1234);
	return true;
}

static struct icmp6_dhaad
ask(struct air *a, bool r)
{
	struct icmp6_dhaad reply;

	if (!ask_at(a, NODE, ANYCAST, r, &reply))
		fail_msg("not answered");
	return reply;
}

/* ---- advertisements of others ---- */

struct other {
	const char *linklocal;
	const char *address[2];
	uint8_t flags;
	uint16_t lifetime_s;
	struct nd_agent agent;
	uint32_t valid_s;
};

static void
hear(struct air *a, const struct other *o)
{
	struct nd_path path = { .src = addr(o->linklocal), .dst = addr("ff02::1") };
	struct nd_ra ra = { .flags = o->flags, .lifetime_s = o->lifetime_s, .agent = o->agent };
	uint8_t frame[ND_FRAME_MAX];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };

	for (unsigned i = 0; i < 2 && o->address[i]; i++)
		ra.prefix[ra.prefixes++] = (struct nd_prefix){ { addr(o->address[i]), 64 },
			ND_PREFIX_R, o->valid_s ? o->valid_s : 2592000, 604800 };
	assert_int_equal(nd_ra_put(&w, &path, &ra), 0);
	ha_disc_frame(a->disc, "home0", frame, w.pos, a->now);
}

static unsigned
place(const struct icmp6_dhaad *d, const char *text)
{
	const struct in6_addr wanted = addr(text);

	for (unsigned i = 0; i < d->n; i++) {
		if (ip6_equal(&d->agent[i], &wanted))
			return i;
	}
	return UINT8_MAX;
}

static const struct nd_agent serves_routers = { true, true, 0, 1800 };

static void
list_is_who_advertises_h_until_he_does_not(void **state)
{
	const struct ha_policy policy = policy_with(true);
	const struct other b = { .linklocal = "fe80::b",
		{ "2001:db8:100::b" },
		ND_RA_H,
		1800,
		.agent = serves_routers };
	struct other other = b;
	struct air a;

	(void)state;
	begin(&a, &policy);
	assert_int_equal(ask(&a, false).n, 1); /* ourselves */
	hear(&a, &b);
	assert_int_equal(ask(&a, false).n, 2);
	hear(&a, &b);
	assert_int_equal(ask(&a, false).n, 2);

	other.flags = 0; /* no H: deleted */
	hear(&a, &other);
	assert_int_equal(ask(&a, false).n, 1);
	hear(&a, &other); /* nor entered */
	assert_int_equal(ask(&a, false).n, 1);

	hear(&a, &b);
	other = b;
	other.agent = (struct nd_agent){ 0 };
	other.lifetime_s = 0; /* the router's, without the option */
	hear(&a, &other);
	assert_int_equal(ask(&a, false).n, 1);

	hear(&a, &b);
	other = b;
	other.agent.lifetime_s = 0;
	hear(&a, &other);
	assert_int_equal(ask(&a, false).n, 1);

	hear(&a, &b);
	pass(&a, 1799999);
	assert_int_equal(ask(&a, false).n, 2);
	pass(&a, 1);
	assert_int_equal(ask(&a, false).n, 1);
	ha_disc_free(a.disc);
}

static void
addresses_are_those_with_r_as_long_as_their_prefix_is_valid(void **state)
{
	const struct ha_policy policy = policy_with(true);
	struct other b = { .linklocal = "fe80::b",
		{ "2001:db8:100::b", "2001:db8:100::bb" },
		ND_RA_H,
		1800,
		.agent = serves_routers,
		.valid_s = 60 };
	struct icmp6_dhaad reply;
	struct air a;

	(void)state;
	begin(&a, &policy);
	hear(&a, &b);
	reply = ask(&a, true);
	assert_int_equal(reply.n, 3);
	assert_int_not_equal(place(&reply, "2001:db8:100::bb"), UINT8_MAX);
	b.address[0] = "fe80::b"; /* no global address, and the other is not repeated */
	b.address[1] = NULL;
	hear(&a, &b);
	assert_int_equal(ask(&a, true).n, 3);
	pass(&a, 60000);
	assert_int_equal(ask(&a, true).n, 1);
	ha_disc_free(a.disc);
}

static void
reply_is_in_order_of_preference_and_equals_are_shuffled(void **state)
{
	struct ha_policy policy = policy_with(true);
	unsigned first_b = 0;
	struct air a;

	(void)state;
	policy.link[0].preference = 5;
	begin(&a, &policy);
	hear(&a, &(struct other){ .linklocal = "fe80::b",
		     { "2001:db8:100::b" },
		     ND_RA_H,
		     1800,
		     { true, true, 9, 60 } });
	hear(&a, &(struct other){ .linklocal = "fe80::c",
		     { "2001:db8:100::c" },
		     ND_RA_H,
		     1800,
		     { true, true, 9, 60 } });
	hear(&a, &(struct other){ .linklocal = "fe80::d", { "2001:db8:100::d" }, ND_RA_H, 1800 });
	for (unsigned i = 0; i < 40; i++) {
		struct icmp6_dhaad reply = ask(&a, false);

		assert_int_equal(reply.n, 4);
		assert_int_equal(place(&reply, HA), 2);
		assert_int_equal(place(&reply, "2001:db8:100::d"), 3);
		first_b += place(&reply, "2001:db8:100::b") == 0;
	}
	assert_in_range(first_b, 5, 35);
	ha_disc_free(a.disc);
}

static void
who_wants_a_mobile_routers_agent_gets_those_alone_or_all_without_the_flag(void **state)
{
	struct ha_policy policy = policy_with(true);
	struct icmp6_dhaad reply;
	struct air a;

	(void)state;
	begin(&a, &policy);
	hear(&a, &(struct other){ .linklocal = "fe80::d", { "2001:db8:100::d" }, ND_RA_H, 1800 });
	reply = ask(&a, true);
	assert_true(reply.mobile_router);
	assert_int_equal(reply.n, 1);
	assert_int_equal(place(&reply, HA), 0);
	reply = ask(&a, false);
	assert_false(reply.mobile_router);
	assert_int_equal(reply.n, 2);
	ha_disc_free(a.disc);

	policy.mobile_routers = false;
	begin(&a, &policy);
	hear(&a, &(struct other){ .linklocal = "fe80::d", { "2001:db8:100::d" }, ND_RA_H, 1800 });
	reply = ask(&a, true);
	assert_false(reply.mobile_router);
	assert_int_equal(reply.n, 2);
	ha_disc_free(a.disc);
}

static void
list_and_reply_have_their_bounds(void **state)
{
	const struct ha_policy policy = policy_with(true);
	struct icmp6_dhaad reply;
	struct air a;

	(void)state;
	begin(&a, &policy);
	for (unsigned i = 0; i < 1000; i++) {
		char ll[32], one[32], two[32];

		snprintf(ll, sizeof(ll), "fe80::1:%x", i);
		snprintf(one, sizeof(one), "2001:db8:100::1:%x", i);
		snprintf(two, sizeof(two), "2001:db8:100::2:%x", i);
		hear(&a, &(struct other){ .linklocal = ll,
			     { one, two },
			     ND_RA_H,
			     1800,
			     .agent = { true, true, 1, 60 } });
	}
	assert_int_equal(ha_disc_agents(a.disc, 0)->n, HA_AGENTS_MAX);
	assert_int_equal(ha_disc_counted(a.disc, HA_DISC_FULL), 1000 - HA_AGENTS_MAX);
	reply = ask(&a, true);
	assert_int_equal(reply.n, ICMP6_AGENTS_MAX);
	assert_int_equal(a.packet_n, 1280);
	assert_int_equal(place(&reply, HA), UINT8_MAX); /* the least preferred */
	ha_disc_free(a.disc);
}

static void
requests_are_answered_at_the_anycast_address_to_unicast_sources_within_the_rate(void **state)
{
	struct ha_policy policy = policy_with(false);
	struct icmp6_dhaad reply;
	unsigned answered = 0;
	struct air a;

	(void)state;
	begin(&a, &policy);
	assert_false(ask_at(&a, NODE, HA, true, &reply));
	assert_false(ask_at(&a, "fe80::5", ANYCAST, true, &reply));
	assert_false(ask_at(&a, "::", ANYCAST, true, &reply));
	assert_int_equal(ha_disc_counted(a.disc, HA_DISC_REFUSED), 3);
	for (unsigned i = 0; i < 1000; i++)
		answered += ask_at(&a, NODE, ANYCAST, true, &reply);
	assert_int_equal(answered, HA_DISC_REPLIES_PER_S);
	pass(&a, 1000);
	assert_true(ask_at(&a, NODE, ANYCAST, true, &reply));
	ha_disc_free(a.disc);

	policy.discovery = false;
	begin(&a, &policy);
	assert_false(ask_at(&a, NODE, ANYCAST, true, &reply));
	ha_disc_free(a.disc);
}

static void
agents_of_a_virtual_home_link_are_the_configured_ones_in_their_order(void **state)
{
	struct ha_policy policy = policy_with(false);
	struct icmp6_dhaad reply;
	struct air a;

	(void)state;
	begin(&a, &policy);
	reply = ask(&a, true);
	assert_true(reply.n == 1 && place(&reply, HA) == 0 && reply.mobile_router);
	ha_disc_free(a.disc);

	policy.agents = 3;
	policy.agent[0] = addr("2001:db8:100::3");
	policy.agent[1] = addr(HA);
	policy.agent[2] = addr("2001:db8:100::2");
	begin(&a, &policy);
	for (unsigned i = 0; i < 10; i++) {
		reply = ask(&a, true);
		assert_int_equal(reply.n, 3);
		assert_memory_equal(reply.agent, policy.agent, 3 * sizeof(reply.agent[0]));
	}
	ha_disc_free(a.disc);
}

/* ---- our advertisements ---- */

static void
advertisement_has_what_a_home_agent_must_say(void **state)
{
	struct ha_policy policy = policy_with(true);
	struct air a;

	(void)state;
	begin(&a, &policy);
	pass(&a, 0);
	assert_int_equal(a.ras, 1);
	assert_int_equal(a.ra.flags, ND_RA_H);
	assert_int_equal(a.ra.lifetime_s, 1800);
	assert_int_equal(a.ra.prefixes, 1);
	assert_int_equal(a.ra.prefix[0].flags, ND_PREFIX_L | ND_PREFIX_A | ND_PREFIX_R);
	assert_true(ip6_equal(&a.ra.prefix[0].prefix.addr, &policy.address));
	assert_int_equal(a.ra.prefix[0].valid_s, 2592000);
	assert_int_equal(a.ra.prefix[0].preferred_s, 604800);
	assert_int_equal(a.ra.interval_ms, 600000);
	assert_true(a.ra.agent.given && a.ra.agent.mobile_routers);
	assert_int_equal(a.ra.agent.lifetime_s, 1800);
	assert_int_equal(a.ra.agent.preference, 0);
	assert_true(ip6_is_linklocal(&a.path.src));
	ha_disc_stop(a.disc);
	assert_int_equal(a.ras, 2);
	assert_int_equal(a.ra.lifetime_s, 0);
	assert_false(a.ra.agent.given);
	ha_disc_free(a.disc);

	policy.mobile_routers = false; /* then all is default, and the option says nothing */
	begin(&a, &policy);
	pass(&a, 0);
	assert_int_equal(a.ra.flags, ND_RA_H);
	assert_false(a.ra.agent.given);
	ha_disc_free(a.disc);

	policy.home_agent = false;
	begin(&a, &policy);
	pass(&a, 0);
	assert_int_equal(a.ra.flags, 0);
	assert_false(a.ra.agent.given);
	ha_disc_free(a.disc);

	policy.link[0].advertise = false;
	begin(&a, &policy);
	pass(&a, 3600000);
	ha_disc_stop(a.disc);
	assert_int_equal(a.ras, 0);
	ha_disc_free(a.disc);
}

static void
three_advertisements_come_soon_and_then_within_the_interval(void **state)
{
	const struct ha_policy policy = policy_with(true);
	struct air a;

	(void)state;
	begin(&a, &policy);
	pass(&a, 2 * HA_RADV_INITIAL_MS);
	assert_int_equal(a.ras, 3);
	pass(&a, 100 * 3600 * 1000);
	assert_in_range(a.ras, 3 + 600, 3 + 1800);
	ha_disc_free(a.disc);
}

static void
solicitations_are_answered_once_for_all_within_the_delay(void **state)
{
	const uint8_t rs[] = { 0x33, 0x33, 0, 0, 0, 2, 2, 0, 0, 0, 0, 9, 0x86, 0xdd, 0x60, 0, 0, 0,
		0, 8, 58, 255, [22] = 0, [38] = 0xff, 0x02, [53] = 2, 133, 0, 0x7b, 0xb8, 0, 0, 0,
		0 };
	const struct ha_policy policy = policy_with(true);
	struct air a;

	(void)state;
	begin(&a, &policy);
	pass(&a, 60000);
	a.ras = 0;
	for (unsigned i = 0; i < 100; i++)
		ha_disc_frame(a.disc, "home0", rs, sizeof(rs), a.now);
	pass(&a, HA_RADV_RESPONSE_MS);
	assert_int_equal(a.ras, 1);
	ha_disc_frame(a.disc, "home0", rs, sizeof(rs), a.now);
	pass(&a, HA_RADV_MIN_DELAY_MS - HA_RADV_RESPONSE_MS - 1);
	assert_int_equal(a.ras, 1);
	pass(&a, 2 * HA_RADV_RESPONSE_MS);
	assert_int_equal(a.ras, 2);
	ha_disc_free(a.disc);
}

/* ---- prefixes ---- */

static void
solicit(struct air *a, uint16_t id)
{
	const struct icmp6_mps mps = { .id = id };
	const struct in6_addr hoa = addr(PLAIN), dst = addr(HA);
	uint8_t message[16];
	struct wire_writer w = { .base = message, .len = sizeof(message) };
	struct ip6_mh_packet p = { .src = addr(NODE),
		.dst = dst,
		.has_hao = true,
		.hao = hoa,
		.upper = IP6_ICMP6,
		.icmp6 = message };

	assert_int_equal(icmp6_mps_put(&w, &mps, &hoa, &dst), 0);
	p.icmp6_len = w.pos;
	ha_disc_receive(a->disc, &p, a->now);
}

/* The last packet, which must be an advertisement to the node at home at PLAIN. */
static struct icmp6_mpa
told_prefixes(const struct air *a)
{
	const struct in6_addr node = addr(NODE), hoa = addr(PLAIN);
	struct ip6_mh_packet p;
	struct wire_reader r;
	struct icmp6_mpa m;

	assert_int_equal(ip6_mh_packet_get(a->packet, a->packet_n, &p), 0);
	assert_true(ip6_equal(&p.src, &a->policy.address) && ip6_equal(&p.dst, &node));
	assert_true(p.has_rh2 && ip6_equal(&p.rh2, &hoa));
	assert_int_equal(ip6_checksum(&p.src, &hoa, IP6_ICMP6, p.icmp6, p.icmp6_len), 0);
	r = (struct wire_reader){ .base = p.icmp6, .len = p.icmp6_len };
	assert_int_equal(icmp6_mpa_get(&r, &m), 0);
	return m;
}

static void
bind_plain(struct air *a)
{
	const struct in6_addr hoa = addr(PLAIN), coa = addr(NODE);

	ha_disc_bound(a->disc, &hoa, &coa, a->now);
}

static void
solicitation_is_answered_by_its_identifier_and_once_a_second(void **state)
{
	const struct ha_policy policy = policy_with(true);
	struct icmp6_mpa m;
	struct air a;

	(void)state;
	begin(&a, &policy);
	solicit(&a, 1); /* not bound */
	assert_int_equal(a.packets, 0);
	assert_int_equal(ha_disc_counted(a.disc, HA_DISC_STRANGER), 1);
	bind_plain(&a);
	solicit(&a, 0x4321);
	assert_int_equal(a.packets, 1); /* right away */
	m = told_prefixes(&a);
	assert_int_equal(m.id, 0x4321);
	assert_int_equal(m.flags, 0);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.prefix[0].flags, ND_PREFIX_L | ND_PREFIX_A | ND_PREFIX_R);
	assert_true(ip6_equal(&m.prefix[0].prefix.addr, &policy.address));
	assert_int_equal(m.prefix[0].valid_s, 2592000);

	for (unsigned i = 0; i < 100; i++)
		solicit(&a, (uint16_t)i);
	pass(&a, 999);
	assert_int_equal(a.packets, 1);
	pass(&a, 1);
	assert_int_equal(a.packets, 2);
	assert_int_equal(told_prefixes(&a).id, 99);
	pass(&a, 10000);
	assert_int_equal(a.packets, 2);
	ha_disc_free(a.disc);
}

static void
who_is_told_unasked_is_told_again_after_3_6_and_12_s_until_it_asks(void **state)
{
	struct ha_policy policy = policy_with(true);
	mono_t first;
	struct air a;

	(void)state;
	policy.prefix_max_ms = policy.prefix_min_ms;
	begin(&a, &policy);
	bind_plain(&a);
	pass(&a, 599999);
	assert_int_equal(a.packets, 0);
	pass(&a, 1);
	assert_int_equal(a.packets, 1);
	assert_int_equal(told_prefixes(&a).id, 0);
	first = a.packet_at;
	pass(&a, 3000);
	assert_int_equal(a.packet_at.ms - first.ms, 3000);
	pass(&a, 6000);
	assert_int_equal(a.packet_at.ms - first.ms, 9000);
	pass(&a, 12000);
	assert_int_equal(a.packet_at.ms - first.ms, 21000);
	pass(&a, 500000);
	assert_int_equal(a.packets, 4);
	pass(&a, 100000); /* the next time */
	assert_int_equal(a.packets, 5);
	solicit(&a, 3); /* heard: answered, and not told again */
	pass(&a, 1000);
	assert_int_equal(a.packets, 6);
	pass(&a, 60000);
	assert_int_equal(a.packets, 6);
	ha_disc_free(a.disc);
}

static void
a_change_is_told_to_who_is_bound_there_and_to_nobody_whose_binding_is_over(void **state)
{
	const struct ha_policy policy = policy_with(true);
	struct ha_policy next = policy;
	const struct in6_addr hoa = addr(PLAIN), elsewhere = addr(LAB1), coa = addr(NODE);
	struct air a;

	(void)state;
	begin(&a, &policy);
	bind_plain(&a);
	ha_disc_bound(a.disc, &elsewhere, &coa, a.now);
	next.link[0].deprecated_n = 1;
	next.link[0].deprecated[0] = next.link[0].prefix[0];
	next.prefix_max_ms = next.prefix_min_ms;
	ha_disc_configure(a.disc, &next, a.now);
	a.policy = next;
	ha_disc_configure(a.disc, &a.policy, a.now);
	pass(&a, 600000);
	assert_int_equal(a.packets, 1);
	assert_int_equal(told_prefixes(&a).prefix[0].preferred_s, 0);
	assert_int_equal(told_prefixes(&a).prefix[0].valid_s, 2592000);
	ha_disc_unbound(a.disc, &hoa);
	pass(&a, 3000);
	assert_int_equal(a.packets, 1);
	ha_disc_free(a.disc);
}

int
main(void)
{
#define P(f, rows)                                  \
	{                                           \
		.name = rows " " #f, .test_func = f \
	}
	const struct CMUnitTest tests[] = {
		P(list_is_who_advertises_h_until_he_does_not, "M-34"),
		P(addresses_are_those_with_r_as_long_as_their_prefix_is_valid, "M-34"),
		P(reply_is_in_order_of_preference_and_equals_are_shuffled, "M-35"),
		P(who_wants_a_mobile_routers_agent_gets_those_alone_or_all_without_the_flag,
		    "N-44"),
		P(list_and_reply_have_their_bounds, "M-34 M-35"),
		P(requests_are_answered_at_the_anycast_address_to_unicast_sources_within_the_rate,
		    "M-35"),
		P(agents_of_a_virtual_home_link_are_the_configured_ones_in_their_order,
		    "M-35 H-01"),
		P(advertisement_has_what_a_home_agent_must_say, "M-36 N-45"),
		P(three_advertisements_come_soon_and_then_within_the_interval, "M-36"),
		P(solicitations_are_answered_once_for_all_within_the_delay, "M-36"),
		P(solicitation_is_answered_by_its_identifier_and_once_a_second, "M-37"),
		P(who_is_told_unasked_is_told_again_after_3_6_and_12_s_until_it_asks, "M-37"),
		P(a_change_is_told_to_who_is_bound_there_and_to_nobody_whose_binding_is_over,
		    "M-37"),
	};

	return cmocka_run_group_tests_name("ha_disc", tests, NULL, NULL);
}
