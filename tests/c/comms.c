/* Communicators, groups, intercommunicators and topologies; ten thousand of them; from several threads.
 * Built against MPICH's mpi.h. */
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                                            \
    do {                                                                                                       \
        if (!(what)) {                                                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                                 \
            exit(99);                                                                                          \
        }                                                                                                      \
    } while (0)

enum { MOST = 64 };
static int rank, size;

static int class_of(int code) {
    int class;
    MPI_Error_class(code, &class);
    return class;
}

static int compared(MPI_Comm a, MPI_Comm b) {
    int result;
    MPI_Comm_compare(a, b, &result);
    return result;
}

static void groups(void) {
    MPI_Group world, evens, odds, all, none, other;
    int n, result, range[1][3] = {{0, size - 1, 2}}, ranks[2] = {0, MPI_PROC_NULL}, out[2];
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_range_incl(world, 1, range, &evens);
    MPI_Group_range_excl(world, 1, range, &odds);
    MPI_Group_size(odds, &n);
    CHECK(n == size / 2);
    MPI_Group_union(evens, odds, &all);
    MPI_Group_compare(all, world, &result);
    CHECK(result == (size < 3 ? MPI_IDENT : MPI_SIMILAR));
    MPI_Group_intersection(evens, odds, &none);
    CHECK(none == MPI_GROUP_EMPTY);
    MPI_Group_rank(evens, &n);
    CHECK(n == (rank % 2 ? MPI_UNDEFINED : rank / 2));
    MPI_Group_translate_ranks(evens, 2, ranks, odds, out);
    CHECK(out[0] == MPI_UNDEFINED && out[1] == MPI_PROC_NULL);
    MPI_Group_difference(world, evens, &other);
    MPI_Group_compare(other, odds, &result);
    CHECK(result == MPI_IDENT);
    ranks[1] = 0;
    CHECK(class_of(MPI_Group_incl(world, 2, ranks, &other)) == MPI_ERR_RANK);

    MPI_Comm part, group_comm;
    MPI_Comm_create(MPI_COMM_WORLD, rank % 2 ? odds : evens, &part);
    MPI_Comm_rank(part, &n);
    CHECK(n == rank / 2);
    if (rank % 2 == 0) {
        MPI_Comm_create_group(MPI_COMM_WORLD, evens, 3, &group_comm);
        CHECK(compared(group_comm, part) == MPI_CONGRUENT);
        MPI_Comm_free(&group_comm);
    }
    MPI_Comm_free(&part);
    MPI_Comm_create_from_group(rank % 2 ? odds : evens, "org.example.parts", MPI_INFO_NULL, MPI_ERRORS_RETURN, &part);
    MPI_Comm_size(part, &n);
    CHECK(n == (rank % 2 ? size / 2 : (size + 1) / 2));
    CHECK(class_of(MPI_Send(NULL, 0, MPI_INT, n, 0, part)) == MPI_ERR_RANK);
    MPI_Comm_free(&part);
    MPI_Comm_create(MPI_COMM_WORLD, MPI_GROUP_EMPTY, &part);
    CHECK(part == MPI_COMM_NULL);
    MPI_Group_free(&world);
    MPI_Group_free(&evens);
    MPI_Group_free(&odds);
    MPI_Group_free(&all);
    CHECK(world == MPI_GROUP_NULL);
}

static int copies, deletes;

static int copy(MPI_Comm comm, int key, void *extra, void *in, void *out, int *flag) {
    copies++;
    *(void **)out = in;
    *flag = 1;
    return MPI_SUCCESS;
}

static int delete(MPI_Comm comm, int key, void *value, void *extra) {
    deletes++;
    return MPI_SUCCESS;
}

static void duplicates(void) {
    MPI_Comm old, new[3];
    MPI_Request requests[3];
    MPI_Info hints, found;
    int key, flag, length, value = 5, *got;
    char text[MPI_MAX_OBJECT_NAME];
    MPI_Comm_create_keyval(copy, delete, &key, NULL);
    MPI_Comm_dup(MPI_COMM_WORLD, &old);
    MPI_Comm_get_name(old, text, &length);
    CHECK(length == 0);
    MPI_Comm_set_attr(old, key, &value);
    MPI_Info_create(&hints);
    MPI_Info_set(hints, "mpi_assert_no_any_tag", "true");
    MPI_Comm_idup(old, &new[0], &requests[0]);
    MPI_Comm_idup_with_info(old, hints, &new[1], &requests[1]);
    MPI_Comm_idup(old, &new[2], &requests[2]);
    CHECK(copies == 3);
    /* What happens to the old one from now on does not touch them. */
    MPI_Comm_delete_attr(old, key);
    MPI_Barrier(old);
    MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
    for (int n = 2; n >= 0; n--) {
        CHECK(compared(new[n], old) == MPI_CONGRUENT && requests[n] == MPI_REQUEST_NULL);
        MPI_Comm_get_attr(new[n], key, &got, &flag);
        CHECK(flag && got == &value);
        MPI_Comm_get_info(new[n], &found);
        MPI_Info_get(found, "mpi_assert_no_any_tag", 100, text, &flag);
        CHECK(flag == (n == 1));
        MPI_Info_free(&found);
        MPI_Barrier(new[n]);
        MPI_Comm_free(&new[n]);
    }
    CHECK(deletes == 4 && compared(MPI_COMM_WORLD, MPI_COMM_WORLD) == MPI_IDENT);
    MPI_Comm_dup_with_info(old, hints, &new[0]);
    MPI_Comm_set_name(new[0], "copy");
    MPI_Comm_get_name(new[0], text, &length);
    CHECK(length == 4 && strcmp(text, "copy") == 0);
    MPI_Comm_free(&new[0]);
    MPI_Comm_free(&old);
    MPI_Comm_free_keyval(&key);
    MPI_Info_free(&hints);
}

static void types_of_split(void) {
    MPI_Comm part;
    MPI_Info hints;
    MPI_Info_create(&hints);
    MPI_Info_set(hints, "mpi_hw_resource_type", "mpi_shared_memory");
    int types[] = {MPI_COMM_TYPE_SHARED, MPI_COMM_TYPE_HW_GUIDED, MPI_COMM_TYPE_RESOURCE_GUIDED};
    for (int n = 0; n < 3; n++) {
        MPI_Comm_split_type(MPI_COMM_WORLD, types[n], rank, hints, &part);
        CHECK(compared(part, MPI_COMM_WORLD) == MPI_CONGRUENT);
        MPI_Comm_free(&part);
    }
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_UNGUIDED, rank, MPI_INFO_NULL, &part);
    CHECK(part == MPI_COMM_NULL);
    MPI_Info_delete(hints, "mpi_hw_resource_type");
    MPI_Info_set(hints, "mpi_pset_name", "mpi://SELF");
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_RESOURCE_GUIDED, 0, hints, &part);
    int n;
    MPI_Comm_size(part, &n);
    CHECK(n == 1);
    MPI_Comm_free(&part);
    CHECK(class_of(MPI_Comm_split_type(MPI_COMM_WORLD, 99, 0, hints, &part)) == MPI_ERR_ARG);
    MPI_Info_free(&hints);
}

static void inter(void) {
    int flag, n, local, remote;
    MPI_Comm_test_inter(MPI_COMM_WORLD, &flag);
    CHECK(!flag && class_of(MPI_Comm_remote_size(MPI_COMM_WORLD, &n)) == MPI_ERR_COMM);
    if (size < 2) return;
    MPI_Comm half, both, copy, all;
    MPI_Group group;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, 0, &half);
    /* Only the leaders look at the peer communicator. */
    MPI_Intercomm_create(half, 0, rank < 2 ? MPI_COMM_WORLD : MPI_COMM_NULL, rank < 2 ? 1 - rank : -7, 9, &both);
    MPI_Comm_test_inter(both, &flag);
    MPI_Comm_size(both, &local);
    MPI_Comm_remote_size(both, &remote);
    CHECK(flag && local + remote == size && local == (rank % 2 ? size / 2 : (size + 1) / 2));
    MPI_Comm_remote_group(both, &group);
    MPI_Group_size(group, &n);
    CHECK(n == remote);
    MPI_Group_free(&group);
    /* The first on each side with the last on the other. */
    int mine = rank, theirs = -1;
    MPI_Status status;
    if (rank < 2) MPI_Send(&mine, 1, MPI_INT, remote - 1, 4, both);
    int my_place;
    MPI_Comm_rank(both, &my_place);
    if (my_place == local - 1) {
        MPI_Recv(&theirs, 1, MPI_INT, MPI_ANY_SOURCE, 4, both, &status);
        CHECK(theirs == 1 - rank % 2 && status.MPI_SOURCE == 0);
    }
    MPI_Comm_dup(both, &copy);
    CHECK(compared(both, copy) == MPI_CONGRUENT && compared(both, half) == MPI_UNEQUAL);
    MPI_Intercomm_merge(copy, rank % 2 == 0, &all);
    MPI_Comm_rank(all, &n);
    CHECK(n == (rank % 2 ? rank / 2 : size / 2 + rank / 2));
    MPI_Barrier(all);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&copy);
    CHECK(copy == MPI_COMM_NULL);
    MPI_Comm_free(&both);
    /* A leader without a peer: both hear of it. */
    CHECK(class_of(MPI_Intercomm_create(half, 0, MPI_COMM_NULL, 0, 9, &both)) == MPI_ERR_COMM);
    MPI_Comm_free(&half);
}

static void topologies(void) {
    int dims[3] = {0, 0, 0}, periods[3] = {1, 0, 1}, coords[3], from, to, n, status;
    MPI_Comm grid, row, copy, graph;
    MPI_Dims_create(size, 3, dims);
    CHECK(dims[0] * dims[1] * dims[2] == size && dims[0] >= dims[1] && dims[1] >= dims[2]);
    MPI_Cart_create(MPI_COMM_WORLD, 3, dims, periods, 1, &grid);
    MPI_Comm_dup(grid, &copy);
    MPI_Topo_test(copy, &status);
    CHECK(status == MPI_CART);
    memset(dims, 0, sizeof dims);
    MPI_Cart_get(copy, 3, dims, periods, coords);
    MPI_Cart_rank(copy, coords, &n);
    CHECK(n == rank && dims[0] * dims[1] * dims[2] == size && periods[0] == 1 && periods[1] == 0);
    MPI_Cart_shift(copy, 1, dims[1], &from, &to);
    CHECK(from == MPI_PROC_NULL && to == MPI_PROC_NULL);
    MPI_Cart_shift(copy, 0, dims[0], &from, &to);
    CHECK(from == rank && to == rank);
    int keep[3] = {1, 0, 0};
    MPI_Cart_sub(copy, keep, &row);
    MPI_Comm_size(row, &n);
    CHECK(n == dims[0]);
    MPI_Cartdim_get(row, &n);
    CHECK(n == 1);
    MPI_Cart_map(MPI_COMM_WORLD, 3, dims, periods, &n);
    CHECK(n == rank);
    coords[1] = dims[1];
    CHECK(class_of(MPI_Cart_rank(grid, coords, &n)) == MPI_ERR_ARG);
    CHECK(class_of(MPI_Cart_coords(grid, size, 3, coords)) == MPI_ERR_RANK);
    CHECK(class_of(MPI_Cartdim_get(MPI_COMM_WORLD, &n)) == MPI_ERR_TOPOLOGY);
    int seven[2] = {2, 0};
    CHECK(class_of(MPI_Dims_create(7, 2, seven)) == MPI_ERR_DIMS);
    MPI_Comm_free(&row);
    MPI_Comm_free(&copy);
    MPI_Comm_free(&grid);

    int index[MOST], edges[MOST], around[2], nodes, count;
    for (int r = 0; r < size; r++) {
        index[r] = r + 1;
        edges[r] = (r + 1) % size;
    }
    MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 0, &graph);
    MPI_Graphdims_get(graph, &nodes, &count);
    MPI_Graph_neighbors_count(graph, rank, &n);
    MPI_Graph_neighbors(graph, rank, 2, around);
    CHECK(nodes == size && count == size && n == 1 && around[0] == (rank + 1) % size);
    memset(index, 0, sizeof index);
    MPI_Graph_get(graph, size, size, index, edges);
    CHECK(index[size - 1] == size && edges[size - 1] == 0);
    MPI_Comm_free(&graph);

    int next = (rank + 1) % size, previous = (rank + size - 1) % size, one = 1, weight = 10 * rank;
    int sources[1], destinations[1], in_weights[1], out_weights[1], in, out, weighted;
    MPI_Dist_graph_create(MPI_COMM_WORLD, 1, &rank, &one, &next, &weight, MPI_INFO_NULL, 0, &graph);
    MPI_Topo_test(graph, &status);
    MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
    MPI_Dist_graph_neighbors(graph, 1, sources, in_weights, 1, destinations, out_weights);
    CHECK(status == MPI_DIST_GRAPH && in == 1 && out == 1 && weighted);
    CHECK(sources[0] == previous && destinations[0] == next);
    CHECK(in_weights[0] == 10 * previous && out_weights[0] == weight);
    MPI_Comm_free(&graph);
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, &previous, MPI_UNWEIGHTED, 1, &next, MPI_UNWEIGHTED,
                                   MPI_INFO_NULL, 0, &graph);
    MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
    MPI_Dist_graph_neighbors(graph, 1, sources, MPI_UNWEIGHTED, 1, destinations, MPI_UNWEIGHTED);
    CHECK(!weighted && sources[0] == previous && destinations[0] == next);
    MPI_Comm_free(&graph);
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 0, NULL, MPI_WEIGHTS_EMPTY, 0, NULL, MPI_WEIGHTS_EMPTY,
                                   MPI_INFO_NULL, 0, &graph);
    MPI_Dist_graph_neighbors_count(graph, &in, &out, &weighted);
    CHECK(in == 0 && out == 0 && weighted);
    MPI_Comm_free(&graph);
}

static void under_way(void) {
    MPI_Comm comms[2];
    MPI_Request requests[2];
    int got[2] = {-1, -1}, next = (rank + 1) % size, previous = (rank + size - 1) % size;
    for (int n = 0; n < 2; n++) {
        MPI_Comm_dup(MPI_COMM_WORLD, &comms[n]);
        MPI_Irecv(&got[n], 1, MPI_INT, previous, 1, comms[n], &requests[n]);
    }
    for (int n = 0; n < 2; n++) MPI_Send(&rank, 1, MPI_INT, next, 1, comms[n]);
    MPI_Comm_free(&comms[0]);
    MPI_Comm_disconnect(&comms[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    CHECK(got[0] == previous && got[1] == previous);
}

static void many(void) {
    MPI_Comm comm, part, made;
    MPI_Group group;
    for (int n = 0; n < 3334; n++) {
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        MPI_Comm_split(comm, rank % 2, -rank, &part);
        MPI_Comm_group(part, &group);
        MPI_Comm_create(comm, group, &made);
        if (n % 500 == 0) MPI_Barrier(made);
        MPI_Group_free(&group);
        MPI_Comm_free(&comm);
        MPI_Comm_free(&part);
        MPI_Comm_free(&made);
    }
    enum { HELD = 2000 };
    static MPI_Comm held[HELD];
    for (int n = 0; n < HELD; n++) MPI_Comm_dup(MPI_COMM_WORLD, &held[n]);
    MPI_Barrier(held[HELD - 1]);
    for (int n = 0; n < HELD; n++) MPI_Comm_free(&held[n]);
    enum { REQUESTS = 1000 };
    static MPI_Request requests[2 * REQUESTS];
    static int in[REQUESTS], out[REQUESTS];
    int next = (rank + 1) % size, previous = (rank + size - 1) % size;
    for (int n = 0; n < REQUESTS; n++)
        MPI_Irecv(&in[n], 1, MPI_INT, n % 3 ? previous : MPI_ANY_SOURCE, n, MPI_COMM_WORLD, &requests[n]);
    for (int n = REQUESTS - 1; n >= 0; n--) {
        out[n] = n * size + rank;
        MPI_Isend(&out[n], 1, MPI_INT, next, n, MPI_COMM_WORLD, &requests[REQUESTS + n]);
    }
    MPI_Waitall(2 * REQUESTS, requests, MPI_STATUSES_IGNORE);
    for (int n = 0; n < REQUESTS; n++) CHECK(in[n] == n * size + previous);
}

/* One thread makes communicators, which waits for the others' ranks, while another one sends and receives
 * without which those would not come. */
static MPI_Comm lanes[3];

static void *maker(void *argument) {
    MPI_Comm comm, part;
    for (int n = 0; n < 50; n++) {
        MPI_Comm_dup(lanes[0], &comm);
        MPI_Comm_split(comm, rank % 2, rank, &part);
        MPI_Comm_free(&part);
        MPI_Comm_free(&comm);
    }
    return NULL;
}

static void *grouper(void *argument) {
    int tag = *(int *)argument;
    MPI_Group group;
    MPI_Comm comm;
    MPI_Comm_group(lanes[1], &group);
    for (int n = 0; n < 50; n++) {
        MPI_Comm_create_group(lanes[1], group, tag, &comm);
        MPI_Comm_free(&comm);
    }
    MPI_Group_free(&group);
    return NULL;
}

static void threads(void) {
    pthread_t made, grouped[2];
    int tags[2] = {1, 2}, token = 0;
    int next = (rank + 1) % size, previous = (rank + size - 1) % size;
    for (int n = 0; n < 3; n++) MPI_Comm_dup(MPI_COMM_WORLD, &lanes[n]);
    /* The last rank begins to make late, and only after a message from the others. */
    if (rank < size - 1) pthread_create(&made, NULL, maker, NULL);
    for (int n = 0; n < 2; n++) pthread_create(&grouped[n], NULL, grouper, &tags[n]);
    for (int n = 0; n < 200; n++) {
        if (rank == 0) MPI_Send(&token, 1, MPI_INT, next, 0, lanes[2]);
        MPI_Recv(&token, 1, MPI_INT, previous, 0, lanes[2], MPI_STATUS_IGNORE);
        if (rank != 0) MPI_Send(&token, 1, MPI_INT, next, 0, lanes[2]);
    }
    if (rank == size - 1) pthread_create(&made, NULL, maker, NULL);
    pthread_join(made, NULL);
    for (int n = 0; n < 2; n++) pthread_join(grouped[n], NULL);
    for (int n = 0; n < 3; n++) MPI_Comm_free(&lanes[n]);
}

int main(int count, char **arguments) {
    int level, wanted = count > 1 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE;
    MPI_Init_thread(&count, &arguments, wanted, &level);
    CHECK(level >= wanted);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    groups();
    duplicates();
    types_of_split();
    inter();
    topologies();
    under_way();
    many();
    if (wanted == MPI_THREAD_MULTIPLE) threads();
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) printf("ok\n");
    MPI_Finalize();
    return 0;
}
