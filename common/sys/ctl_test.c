/* ctl_test.c - the control socket from a client's side, in one process and without a clock. */
#include "common/sys/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "common/sys/ctl_client.h"
#include "common/sys/ctl_words.h"

#define ROUNDS 2000 /* of the event loop: far more than any exchange here takes */

struct world {
	struct ev_loop *loop;
	struct ctl *ctl;
	char dir[32], path[64];
	char did[256]; /* what verbs were run with */
	char text[CTL_BACKLOG_MAX * 2];
	uint64_t later; /* of the last `wait` */
};

/* ---- verbs that say what they were given ---- */

static void
note(void *ctx, int argc, const char *const *argv, const char *verb)
{
	struct world *w = ctx;

	snprintf(w->did, sizeof(w->did), "%s", verb);
	for (int i = 0; i < argc; i++)
		snprintf(w->did + strlen(w->did), sizeof(w->did) - strlen(w->did), "[%s]", argv[i]);
}

static void
run_show(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	note(ctx, argc, argv, "show");
	ctl_line(call, json_pack("{s:i}", "n", 1));
	ctl_line(call, json_pack("{s:i}", "n", 2));
}

static void
run_show_guests(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	(void)call;
	note(ctx, argc, argv, "show guests");
}

static void
run_set(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct world *w = ctx;

	note(ctx, argc, argv, "set");
	if (w->ctl)
		ctl_event(w->ctl, "guest", json_pack("{s:s}", "name", argc > 0 ? argv[0] : ""));
	if (argc == 0) {
		ctl_fail(call, "refused", "nothing to %s", "set");
		ctl_fail(call, "usage", "too late to be the reason");
	}
}

static void
run_much(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	(void)ctx;
	(void)argc;
	(void)argv;
	for (int i = 0; i < 20000; i++)
		ctl_line(call, json_pack("{s:i}", "number", i));
}

static void
run_wait(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	struct world *w = ctx;

	note(ctx, argc, argv, "wait");
	w->later = ctl_later(call);
}

static const struct ctl_verb verbs[] = {
	{ "wait", true, run_wait, NULL, "answered later" },
	{ "show", false, run_show, NULL, "two lines" },
	{ "show guests", false, run_show_guests, "[NAME]", "none" },
	{ "set", true, run_set, "NAME", "an event" },
	{ "much", false, run_much, NULL, "many lines" },
};

/* ---- a client ---- */

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/ctl_test.XXXXXX");
	if (!mkdtemp(w->dir) || chmod(w->dir, 0755) < 0)
		return -1;
	snprintf(w->path, sizeof(w->path), "%s/run/x.ctl", w->dir);
	w->loop = ev_loop_new(EVFLAG_AUTO);
	*state = w;
	return ctl_open(&w->ctl, w->loop, w->path, NULL, verbs, countof(verbs), w);
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	ctl_close(w->ctl);
	ev_loop_destroy(w->loop);
	(void)unlink(w->path);
	*strrchr(w->path, '/') = '\0';
	(void)rmdir(w->path);
	(void)rmdir(w->dir);
	free(w);
	return 0;
}

static int
dial(const struct world *w)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memcpy(sa.sun_path, w->path, strlen(w->path));
	assert_int_equal(connect(fd, (void *)&sa, sizeof(sa)), 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Everything the daemon has to say, to the end of what it says now; -1 once it hangs up. */
static int
hear(struct world *w, int fd)
{
	size_t n = 0;
	ssize_t r = -1;

	errno = EAGAIN;
	for (int idle = 0; idle < 4 && r != 0;) {
		ev_run(w->loop, EVRUN_NOWAIT);
		r = recv(fd, w->text + n, sizeof(w->text) - n - 1, MSG_DONTWAIT);
		if (r > 0)
			n += (size_t)r;
		idle = r > 0 ? 0 : idle + 1;
	}
	w->text[n] = '\0';
	return r == 0 || errno == ECONNRESET ? -1 : 0;
}

#define ask(w, fd, line, answer)                        \
	do {                                            \
		say(fd, line);                          \
		assert_int_equal(hear(w, fd), 0);       \
		assert_string_equal((w)->text, answer); \
	} while (0)

/* ---- tests ---- */

static void
the_longest_verb_gets_the_words_behind_it(void **state)
{
	struct world *w = *state;
	int fd = dial(w);

	ask(w, fd, "show a\n", "{\"n\":1}\n{\"n\":2}\n{\"ok\":true}\n");
	assert_string_equal(w->did, "show[a]");
	ask(w, fd, "  show\tguests \"a b\" c\r\n", "{\"ok\":true}\n");
	assert_string_equal(w->did, "show guests[a b][c]");
	ask(w, fd, "shower\n",
	    "{\"ok\":false,\"error\":\"usage\",\"message\":\"shower: unknown, try help\"}\n");
	close(fd);
}

static void
a_request_may_come_in_pieces_and_several_at_once(void **state)
{
	struct world *w = *state;
	int fd = dial(w);

	ask(w, fd, "show gue", "");
	ask(w, fd, "sts\nshow guests 1\nshow guests 2\nsho",
	    "{\"ok\":true}\n{\"ok\":true}\n"
	    "{\"ok\":true}\n");
	assert_string_equal(w->did, "show guests[2]");
	close(fd);
}

static void
the_first_reason_for_a_failure_is_told(void **state)
{
	struct world *w = *state;
	int fd = dial(w);

	ask(w, fd, "set\n",
	    "{\"ok\":false,\"error\":\"refused\",\"message\":\"nothing to set\"}\n");
	close(fd);
}

static void
lines_without_sense_are_usage_errors(void **state)
{
	static const struct {
		const char *line, *message;
	} bad[] = {
		{ "\n", "no words, try help" },
		{ "show \"a\n", "a quote is not closed" },
		{ "frob nicate it\n", "frob nicate: unknown, try help" },
		{ "show \xff\n", "the line is not UTF-8" },
		{ "debug\n", "debug MODULE on|off" },
		{ "debug x maybe\n", "debug MODULE on|off" },
		{ "debug , on\n", ",: not a list of modules" },
		{ "monitor me\n", "monitor takes no words" },
	};
	struct world *w = *state;
	int fd = dial(w);
	char answer[256];

	for (size_t i = 0; i < countof(bad); i++) {
		snprintf(answer, sizeof(answer),
		    "{\"ok\":false,\"error\":\"usage\",\"message\":\"%s\"}\n", bad[i].message);
		ask(w, fd, bad[i].line, answer);
	}
	close(fd);
}

static void
more_than_64_words_are_refused(void **state)
{
	struct world *w = *state;
	int fd = dial(w);
	char line[256] = "show";

	for (int i = 0; i < CTL_WORDS_MAX; i++)
		strcat(line, " a");
	strcat(line, "\n");
	ask(w, fd, line, "{\"ok\":false,\"error\":\"usage\",\"message\":\"more than 64 words\"}\n");
	close(fd);
}

static void
a_line_over_4096_octets_is_refused_and_the_client_goes(void **state)
{
	struct world *w = *state;
	int fd = dial(w);
	char line[CTL_LINE_MAX + 2];

	memset(line, 'a', sizeof(line));
	memcpy(line, "show ", 5);
	line[CTL_LINE_MAX] = '\n';
	line[CTL_LINE_MAX + 1] = '\0';
	ask(w, fd, line, "{\"n\":1}\n{\"n\":2}\n{\"ok\":true}\n");
	line[CTL_LINE_MAX] = 'a';
	say(fd, line);
	assert_int_equal(hear(w, fd), -1);
	assert_string_equal(
	    w->text, "{\"ok\":false,\"error\":\"usage\",\"message\":\"the line is too long\"}\n");
	close(fd);
}

static void
help_lists_the_verbs_and_the_built_in_ones(void **state)
{
	struct world *w = *state;
	int fd = dial(w);

	say(fd, "help\n");
	assert_int_equal(hear(w, fd), 0);
	assert_non_null(strstr(w->text,
	    "{\"verb\":\"show guests\",\"args\":\"[NAME]\",\"changes\":false,\"doc\":\"none\"}\n"));
	assert_non_null(strstr(w->text, "{\"verb\":\"debug\",\"args\":\"MODULE on|off\","));
	close(fd);
}

static void
debug_turns_a_module_on_and_off(void **state)
{
	struct world *w = *state;
	int fd = dial(w);

	ask(w, fd, "debug reg,kern on\n", "{\"ok\":true}\n");
	assert_true(log_debug_is_on("kern"));
	ask(w, fd, "debug kern off\n", "{\"ok\":true}\n");
	assert_false(log_debug_is_on("kern"));
	assert_true(log_debug_is_on("reg"));
	ask(w, fd, "debug all off\n", "{\"ok\":true}\n");
	assert_false(log_debug_is_on("reg"));
	close(fd);
}

static void
events_reach_whoever_monitors_and_nobody_else(void **state)
{
	struct world *w = *state;
	int watcher = dial(w), other = dial(w);
	json_t *o;

	assert_false(ctl_is_monitored(w->ctl));
	say(watcher, "monitor\n");
	assert_int_equal(hear(w, watcher), 0);
	assert_non_null(strstr(w->text, "\"event\":\"monitor\"}\n"));
	assert_true(ctl_is_monitored(w->ctl));

	ask(w, other, "set web1\n", "{\"ok\":true}\n");
	assert_int_equal(hear(w, watcher), 0);
	o = json_loads(w->text, 0, NULL);
	assert_string_equal(json_object_iter_key(json_object_iter(o)), "time");
	assert_int_equal(strlen(json_string_value(json_object_get(o, "time"))), 24);
	assert_true(json_is_integer(json_object_get(o, "mono_ms")));
	assert_string_equal(json_string_value(json_object_get(o, "event")), "guest");
	assert_string_equal(json_string_value(json_object_get(o, "name")), "web1");
	json_decref(o);

	close(watcher);
	ev_run(w->loop, EVRUN_NOWAIT);
	assert_false(ctl_is_monitored(w->ctl));
	close(other);
}

static void
an_answer_larger_than_the_socket_arrives_whole(void **state)
{
	struct world *w = *state;
	int fd = dial(w);

	say(fd, "much\nshow guests\n");
	for (int i = 0; i < ROUNDS; i++) /* nobody reads: it has to wait */
		ev_run(w->loop, EVRUN_NOWAIT);
	assert_string_equal(w->did, "");
	assert_int_equal(hear(w, fd), 0);
	assert_non_null(strstr(w->text, "{\"number\":0}\n"));
	assert_non_null(strstr(w->text, "{\"number\":19999}\n{\"ok\":true}\n{\"ok\":true}\n"));
	assert_string_equal(w->did, "show guests");
	close(fd);
}

static void
a_monitor_that_does_not_read_is_dropped_at_256_kib(void **state)
{
	struct world *w = *state;
	int fd = dial(w), n = 0;
	char pad[1024];

	memset(pad, 'x', sizeof(pad) - 1);
	pad[sizeof(pad) - 1] = '\0';
	say(fd, "monitor\n");
	ev_run(w->loop, EVRUN_NOWAIT);
	ev_run(w->loop, EVRUN_NOWAIT);
	assert_true(ctl_is_monitored(w->ctl));
	for (; ctl_is_monitored(w->ctl) && n < ROUNDS; n++)
		ctl_event(w->ctl, "guest", json_pack("{s:s}", "pad", pad));
	assert_in_range(n, CTL_BACKLOG_MAX / 1200, ROUNDS - 1);
	close(fd);
}

static void
a_client_that_goes_in_the_middle_of_an_answer_does_no_harm(void **state)
{
	struct world *w = *state;
	int fd = dial(w), other = dial(w);

	say(fd, "much\nmuch\n");
	ev_run(w->loop, EVRUN_NOWAIT);
	close(fd);
	for (int i = 0; i < 8; i++)
		ev_run(w->loop, EVRUN_NOWAIT);
	ask(w, other, "show guests\n", "{\"ok\":true}\n");
	close(other);
}

static void
a_client_may_shut_down_its_side_and_still_read_the_answer(void **state)
{
	struct world *w = *state;
	int fd = dial(w);

	say(fd, "show guests\n");
	shutdown(fd, SHUT_WR);
	assert_int_equal(hear(w, fd), -1);
	assert_string_equal(w->text, "{\"ok\":true}\n");
	close(fd);
}

static void
the_65th_client_is_told_so(void **state)
{
	struct world *w = *state;
	int fd[64], last;

	for (size_t i = 0; i < countof(fd); i++)
		fd[i] = dial(w);
	for (size_t i = 0; i < countof(fd); i++)
		ev_run(w->loop, EVRUN_NOWAIT);
	last = dial(w);
	assert_int_equal(hear(w, last), -1);
	assert_non_null(strstr(w->text, "\"error\":\"busy\""));
	ask(w, fd[63], "show guests\n", "{\"ok\":true}\n");
	for (size_t i = 0; i < countof(fd); i++)
		close(fd[i]);
	close(last);
	for (size_t i = 0; i < countof(fd); i++)
		ev_run(w->loop, EVRUN_NOWAIT);
	last = dial(w);
	ask(w, last, "show guests\n", "{\"ok\":true}\n");
	close(last);
}

static void
only_root_and_the_daemons_user_may_change_things(void **state)
{
	struct world *w = *state;
	int fd, own;

	if (geteuid() != 0)
		skip();
	own = dial(w);
	assert_int_equal(chmod(w->path, 0666), 0);
	assert_int_equal(seteuid(65534), 0);
	fd = dial(w);
	assert_int_equal(seteuid(0), 0);
	ask(w, fd, "set a\n",
	    "{\"ok\":false,\"error\":\"not-permitted\","
	    "\"message\":\"set: only for root and the daemon's user\"}\n");
	ask(w, fd, "show guests\n", "{\"ok\":true}\n");
	assert_string_equal(w->did, "show guests");
	ask(w, own, "set a\n", "{\"ok\":true}\n");
	close(fd);
	close(own);
}

static void
the_socket_is_for_its_owner_and_group_only(void **state)
{
	struct world *w = *state;
	struct stat st;

	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void
a_live_socket_is_left_alone_and_a_stale_one_replaced(void **state)
{
	struct world *w = *state;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct ctl *second = NULL;
	int fd;

	assert_int_equal(
	    ctl_open(&second, w->loop, w->path, NULL, verbs, countof(verbs), w), -EADDRINUSE);
	ctl_close(w->ctl);
	assert_int_equal(access(w->path, F_OK), -1);
	memcpy(sa.sun_path, w->path, strlen(w->path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (void *)&sa, sizeof(sa)), 0);
	close(fd); /* the name stays: what a killed daemon leaves */
	assert_int_equal(ctl_open(&w->ctl, w->loop, w->path, NULL, verbs, countof(verbs), w), 0);
}

static void
a_path_that_cannot_be_is_refused(void **state)
{
	struct world *w = *state;
	char long_path[200], file[64];
	struct ctl *c = NULL;
	int fd;

	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(ctl_open(&c, w->loop, long_path, NULL, verbs, 1, w), -ENAMETOOLONG);
	assert_int_equal(ctl_open(&c, w->loop, "/tmp/x.ctl", "no such group", verbs, 1, w), -ESRCH);
	snprintf(file, sizeof(file), "%s/file", w->dir);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(ctl_open(&c, w->loop, file, NULL, verbs, 1, w), -ENOTSOCK);
	assert_int_equal(unlink(file), 0);
}

static void
clients_are_told_when_the_daemon_stops(void **state)
{
	struct world *w = *state;
	int fd = dial(w);

	ev_run(w->loop, EVRUN_NOWAIT);
	ctl_close(w->ctl);
	w->ctl = NULL;
	assert_int_equal(hear(w, fd), -1);
	assert_string_equal(
	    w->text, "{\"ok\":false,\"error\":\"closing\",\"message\":\"the daemon stops\"}\n");
	close(fd);
}

static void
a_line_may_be_run_without_a_client(void **state)
{
	struct world *w = *state;

	assert_int_equal(ctl_run_line(w->ctl, "set \"a b\""), 0);
	assert_string_equal(w->did, "set[a b]");
	assert_int_equal(ctl_run_line(w->ctl, "much"), 0);
	assert_int_equal(ctl_run_line(w->ctl, "set"), -EINVAL);
	assert_int_equal(ctl_run_line(w->ctl, "monitor"), -EINVAL);
}

static void
say_seven(void *ctx, struct ctl_call *call)
{
	(void)ctx;
	ctl_line(call, json_pack("{s:i}", "n", 7));
}

static void
say_no(void *ctx, struct ctl_call *call)
{
	ctl_fail(call, "refused", "%s", (const char *)ctx);
}

static void
a_request_may_be_answered_later_and_the_next_one_waits(void **state)
{
	struct world *w = *state;
	int fd = dial(w), other = dial(w);

	ask(w, fd, "wait\nshow\n", "");
	assert_string_equal(w->did, "wait");
	ask(w, other, "show guests\n", "{\"ok\":true}\n"); /* nobody else waits */
	ctl_answer(w->ctl, w->later + 1, say_no, "not he");
	assert_int_equal(hear(w, fd), 0);
	assert_string_equal(w->text, "");
	ctl_answer(w->ctl, w->later, say_seven, NULL);
	assert_int_equal(hear(w, fd), 0);
	assert_string_equal(
	    w->text, "{\"n\":7}\n{\"ok\":true}\n{\"n\":1}\n{\"n\":2}\n{\"ok\":true}\n");
	ask(w, fd, "wait\n", "");
	ctl_answer(w->ctl, w->later, say_no, "after all not");
	assert_int_equal(hear(w, fd), 0);
	assert_string_equal(
	    w->text, "{\"ok\":false,\"error\":\"refused\",\"message\":\"after all not\"}\n");
	ctl_answer(w->ctl, w->later, say_seven, NULL); /* a second time: to nobody */
	assert_int_equal(hear(w, fd), 0);
	assert_string_equal(w->text, "");
	close(fd);
	close(other);
}

static void
who_does_not_wait_for_the_answer_is_not_missed(void **state)
{
	struct world *w = *state;
	int fd = dial(w);

	ask(w, fd, "wait\n", "");
	close(fd);
	ctl_answer(w->ctl, w->later, say_seven, NULL);
	fd = dial(w);
	ask(w, fd, "wait\n", "");
	ctl_close(w->ctl); /* answers "closing" */
	w->ctl = NULL;
	assert_int_equal(hear(w, fd), -1);
	assert_non_null(strstr(w->text, "closing"));
	close(fd);
}

static void
joined_words_split_into_the_same_words(void **state)
{
	const char *const words[] = { "guest", "a b", "", "say \"x\"", "c\\d", "\\ \"", "\t" };
	const char *again[16];
	char line[128], small[8];

	(void)state;
	assert_true(ctl_words_join((int)countof(words), words, line, sizeof(line)) > 0);
	assert_int_equal(ctl_words_split(line, again, 16), countof(words));
	for (size_t i = 0; i < countof(words); i++)
		assert_string_equal(again[i], words[i]);
	assert_int_equal(ctl_words_join(1, &(const char *){ "1234567" }, small, 8), 7);
	assert_int_equal(ctl_words_join(1, &(const char *){ "12345678" }, small, 8), -EMSGSIZE);
	assert_int_equal(ctl_words_join(1, &(const char *){ "123 45" }, small, 8), -EMSGSIZE);
	assert_int_equal(ctl_words_join(1, &(const char *){ "a\nb" }, small, 8), -EINVAL);
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_longest_verb_gets_the_words_behind_it),
		test(a_request_may_come_in_pieces_and_several_at_once),
		test(the_first_reason_for_a_failure_is_told),
		test(lines_without_sense_are_usage_errors),
		test(more_than_64_words_are_refused),
		test(a_line_over_4096_octets_is_refused_and_the_client_goes),
		test(help_lists_the_verbs_and_the_built_in_ones),
		test(debug_turns_a_module_on_and_off),
		test(events_reach_whoever_monitors_and_nobody_else),
		test(an_answer_larger_than_the_socket_arrives_whole),
		test(a_monitor_that_does_not_read_is_dropped_at_256_kib),
		test(a_client_that_goes_in_the_middle_of_an_answer_does_no_harm),
		test(a_client_may_shut_down_its_side_and_still_read_the_answer),
		test(the_65th_client_is_told_so),
		test(only_root_and_the_daemons_user_may_change_things),
		test(the_socket_is_for_its_owner_and_group_only),
		test(a_live_socket_is_left_alone_and_a_stale_one_replaced),
		test(a_path_that_cannot_be_is_refused),
		test(clients_are_told_when_the_daemon_stops),
		test(a_line_may_be_run_without_a_client),
		test(a_request_may_be_answered_later_and_the_next_one_waits),
		test(who_does_not_wait_for_the_answer_is_not_missed),
		cmocka_unit_test(joined_words_split_into_the_same_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
