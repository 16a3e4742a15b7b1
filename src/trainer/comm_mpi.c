/*
 * Messages by Open MPI. Its own waits spin and never end without the other side, so nothing here waits in them: one
 * looks for a message, and between two looks for what ends the wait, sleeping ever longer. A receiver says GO
 * first, so that a sender, too, waits in this way, and not in the middle of its message.
 */
#include <errno.h>
#include <mpi.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stop.h"
#include "base/time.h"
#include "trainer/comm_int.h"

#define LOOK_EVERY 0.05 /* seconds between two looks whether processes live */
#define MOST_NAP   0.005
#define PIECE	   ((size_t)1 << 30) /* bytes: MPI counts in int */

enum { TAG_GO = 1, TAG_DATA, TAG_TROUBLE, TAG_END };

struct peer {
	char host[256];
	int64_t pid;
	cpu_set_t cores;
};

struct trouble { /* why a rank gave up */
	enum tw_status status;
	char text[sizeof(((struct tw_err *)0)->msg)];
};

static struct {
	bool open, ended; /* ended: rank 0 said so */
	int rank, size;
	struct peer *peer;
	double looked;
	char name[64];
} world = {.size = 1};

/* --- who is there --- */

static enum tw_status meet(struct tw_err *err)
{
	struct peer me = {.pid = getpid()};
	gethostname(me.host, sizeof(me.host) - 1);
	if (sched_getaffinity(0, sizeof(me.cores), &me.cores) != 0)
		CPU_ZERO(&me.cores); /* more cores than it holds: they are not divided */
	world.peer = tw_xcalloc((size_t)world.size, sizeof(*world.peer));
	if (MPI_Allgather(&me, sizeof(me), MPI_BYTE, world.peer, sizeof(me), MPI_BYTE,
			  MPI_COMM_WORLD) != MPI_SUCCESS)
		return tw_fail(err, TW_NETWORK, "MPI: the ranks do not reach each other");
	return TW_OK;
}

enum tw_status tw_comm_open(struct tw_err *err)
{
	int most = tw_comm_launched().size, level, started = 0;
	MPI_Initialized(&started);
	if (started || most == 1)
		return TW_OK;
	if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
		return tw_fail(err, TW_UNSUPPORTED, "MPI does not start");
	world.open = true;
	MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	MPI_Comm_rank(MPI_COMM_WORLD, &world.rank);
	MPI_Comm_size(MPI_COMM_WORLD, &world.size);
	if (world.size < most)
		return tw_fail(
			err, TW_UNSUPPORTED,
			"%d processes were started together, but MPI finds %d of them: the launcher "
			"and MPI do not understand each other (with Slurm: srun --mpi=pmix)",
			most, world.size);
	return world.size > 1 ? meet(err) : TW_OK;
}

int tw_comm_rank(void)
{
	return world.rank;
}

int tw_comm_size(void)
{
	return world.ended ? 1 : world.size;
}

const char *tw_comm_name(void)
{
	int version, part;
	MPI_Get_version(&version, &part);
	snprintf(world.name, sizeof(world.name), "Open MPI %d.%d.%d (MPI %d.%d)",
		 OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION, OMPI_RELEASE_VERSION, version, part);
	return world.name;
}

static bool is_here(const struct peer *p)
{
	return strcmp(p->host, world.peer[world.rank].host) == 0;
}

/* Ranks that may run on the very same cores share them. */
int tw_comm_threads(void)
{
	if (!world.peer)
		return 0;
	const struct peer *me = &world.peer[world.rank];
	int sharing = 0, cores = CPU_COUNT(&me->cores);
	for (int i = 0; i < world.size; i++)
		sharing += is_here(&world.peer[i]) && CPU_EQUAL(&world.peer[i].cores, &me->cores);
	return cores == 0 ? 0 : cores < sharing ? 1 : cores / sharing;
}

static bool is_gone(int rank)
{
	const struct peer *p = &world.peer[rank];
	return is_here(p) && kill((pid_t)p->pid, 0) != 0 && errno == ESRCH;
}

bool tw_comm_missing(char *text, size_t size)
{
	for (int i = 0; world.peer && i < world.size; i++)
		if (is_gone(i)) {
			snprintf(text, size, "rank %d (process %lld) is gone", i,
				 (long long)world.peer[i].pid);
			return true;
		}
	return false;
}

/* --- waiting --- */

static bool is_there(int from, int tag)
{
	int there = 0;
	return MPI_Iprobe(from, tag, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE) == MPI_SUCCESS &&
	       there;
}

static enum tw_status look_for_missing(struct tw_err *err)
{
	char text[128];
	double now = tw_monotonic_s();
	if (now - world.looked < LOOK_EVERY)
		return TW_OK;
	world.looked = now;
	return tw_comm_missing(text, sizeof(text)) ? tw_fail(err, TW_CANCELLED, "%s", text) : TW_OK;
}

static enum tw_status take_trouble(struct tw_err *err)
{
	struct trouble t;
	MPI_Status from;
	if (MPI_Recv(&t, sizeof(t), MPI_BYTE, MPI_ANY_SOURCE, TAG_TROUBLE, MPI_COMM_WORLD, &from) !=
	    MPI_SUCCESS)
		return tw_fail(err, TW_CANCELLED, "MPI: a rank gave up");
	t.text[sizeof(t.text) - 1] = '\0';
	return tw_fail(err, t.status, "rank %d (on %s): %.900s", from.MPI_SOURCE,
		       world.peer[from.MPI_SOURCE].host, t.text);
}

/* What ends a wait, besides a request to stop. */
static enum tw_status look_for_end(struct tw_err *err)
{
	if (world.rank > 0 && is_there(0, TAG_END)) {
		world.ended = true;
		return tw_fail(err, TW_CANCELLED, "rank 0 has ended");
	}
	enum tw_status st = look_for_missing(err);
	if (st == TW_OK && world.rank == 0 && is_there(MPI_ANY_SOURCE, TAG_TROUBLE))
		st = take_trouble(err);
	return st;
}

/* Short at first; an eighth of the time that was waited already, so it adds little to a wait of any length. */
static void nap(double since)
{
	double s = (tw_monotonic_s() - since) / 8 + 20e-6;
	struct timespec t = {0, (long)((s < MOST_NAP ? s : MOST_NAP) * 1e9)};
	nanosleep(&t, NULL);
}

static enum tw_status await(int from, int tag, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	double since = tw_monotonic_s();
	while (st == TW_OK && !is_there(from, tag)) {
		st = tw_stopping() ? tw_fail(err, TW_CANCELLED, "stopped") : look_for_end(err);
		nap(since);
	}
	return st;
}

/* The other side is there for it, or was a moment ago: it takes no longer than the bytes do, and so is not stopped. */
static enum tw_status finish(MPI_Request *request, int peer, struct tw_err *err)
{
	int done = 0;
	enum tw_status st = TW_OK;
	while (st == TW_OK && !done) {
		if (MPI_Test(request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS)
			return tw_fail(err, TW_CANCELLED, "the connection to rank %d (on %s) broke",
				       peer, world.peer[peer].host);
		if (!done)
			st = look_for_end(err);
		sched_yield();
	}
	return st;
}

/* --- messages --- */

enum tw_status tw_comm_send(int to, const void *data, size_t bytes, struct tw_err *err)
{
	MPI_Request request;
	enum tw_status st = await(to, TAG_GO, err);
	if (st == TW_OK)
		MPI_Recv(NULL, 0, MPI_BYTE, to, TAG_GO, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	for (size_t at = 0; st == TW_OK && at < bytes; at += PIECE) {
		int n = (int)(bytes - at < PIECE ? bytes - at : PIECE);
		MPI_Isend((const char *)data + at, n, MPI_BYTE, to, TAG_DATA, MPI_COMM_WORLD,
			  &request);
		st = finish(&request, to, err);
	}
	return st;
}

enum tw_status tw_comm_recv(int from, void *data, size_t bytes, struct tw_err *err)
{
	MPI_Request request;
	MPI_Send(NULL, 0, MPI_BYTE, from, TAG_GO, MPI_COMM_WORLD);
	enum tw_status st = bytes > 0 ? await(from, TAG_DATA, err) : TW_OK;
	for (size_t at = 0; st == TW_OK && at < bytes; at += PIECE) {
		int n = (int)(bytes - at < PIECE ? bytes - at : PIECE);
		MPI_Irecv((char *)data + at, n, MPI_BYTE, from, TAG_DATA, MPI_COMM_WORLD, &request);
		st = finish(&request, from, err);
	}
	return st;
}

/* --- the end --- */

void tw_comm_end(void)
{
	for (int i = 1; i < world.size && !world.ended; i++)
		if (!is_gone(i))
			MPI_Send(NULL, 0, MPI_BYTE, i, TAG_END, MPI_COMM_WORLD);
	world.ended = true;
}

void tw_comm_give_up(const struct tw_err *why)
{
	struct trouble t = {.status = why->code};
	double since = tw_monotonic_s();
	if (world.ended)
		return;
	snprintf(t.text, sizeof(t.text), "%s", why->msg);
	MPI_Send(&t, sizeof(t), MPI_BYTE, 0, TAG_TROUBLE, MPI_COMM_WORLD);
	while (!is_there(0, TAG_END) && !is_gone(0))
		nap(since);
	world.ended = true;
}

/* MPI_Finalize() waits for everybody: for when rank 0 sees everybody, and the others see rank 0. */
void tw_comm_close(void)
{
	char text[128];
	if (!world.open)
		return;
	bool missing =
		world.peer && (world.rank == 0 ? tw_comm_missing(text, sizeof(text)) : is_gone(0));
	if (world.rank == 0 && world.peer)
		tw_comm_end();
	if (missing)
		MPI_Abort(MPI_COMM_WORLD, 1);
	MPI_Finalize();
	free(world.peer);
	world.peer = NULL;
	world.open = false;
}
