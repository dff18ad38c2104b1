use super::*;

/// The files of a board and of rows, as the master holds them.
pub(crate) struct Files {
    board: File,
}

impl Files {
    pub(crate) fn new() -> Files {
        Files { board: of(Board::BYTES) }
    }

    pub(crate) fn board(&self) -> Board {
        Board::map(&self.board).unwrap()
    }

    /// A worker's hands, and its row as the master sees it.
    pub(crate) fn worker(&self) -> (Ledger, Row) {
        let row = of(Row::BYTES);
        (Ledger::new(self.board(), Row::map(&row).unwrap()), Row::map(&row).unwrap())
    }
}

fn of(bytes: usize) -> File {
    let file = tempfile::tempfile().unwrap();
    file.set_len(bytes.try_into().unwrap()).unwrap();
    file
}

fn column(number: u32) -> Column {
    Column::at(number).unwrap()
}

fn limit(count: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(count)
}

#[test]
fn a_limit_holds_for_all_workers_together() {
    let files = Files::new();
    let ((one, _), (other, _)) = (files.worker(), files.worker());
    assert!(one.enter(column(7), limit(2)));
    assert!(other.enter(column(7), limit(2)));
    assert!(!one.enter(column(7), limit(2)) && !other.enter(column(7), limit(2)), "it is full");
    assert!(one.enter(column(8), limit(2)), "another backend has its own");
    one.leave(column(7));
    assert!(other.enter(column(7), limit(2)));
    assert_eq!((files.board().total(column(7)), files.board().total(column(8))), (2, 1));
}

#[test]
fn without_a_limit_requests_are_counted_all_the_same() {
    let files = Files::new();
    let (worker, row) = files.worker();
    for _ in 0..5 {
        assert!(worker.enter(column(0), None));
    }
    worker.leave(column(0));
    assert_eq!((worker.board().total(column(0)), row.share(column(0))), (4, 4));
    assert!(!worker.enter(column(0), limit(3)), "a limit that came later counts them");
}

#[test]
fn a_dead_workers_part_is_taken_off_and_nobody_elses() {
    let files = Files::new();
    let ((dead, row), (alive, _)) = (files.worker(), files.worker());
    for number in [0, 3, 3, Column::COUNT - 1] {
        assert!(dead.enter(column(number), None));
    }
    assert!(alive.enter(column(3), None));
    files.board().strike(&row);
    let totals: Vec<u32> = [0, 3, Column::COUNT - 1].map(|number| files.board().total(column(number))).into();
    assert_eq!(totals, [0, 1, 0]);
    files.board().strike(&row);
    assert_eq!(files.board().total(column(3)), 1, "twice is as good as once");
}

#[test]
fn what_a_worker_left_between_total_and_row_is_found() {
    let files = Files::new();
    let ((alive, row), board) = (files.worker(), files.board());
    assert!(alive.enter(column(1), None));
    board.cells(column(1)).total.fetch_add(1, Ordering::Relaxed);
    board.cells(column(2)).total.fetch_sub(1, Ordering::Relaxed);
    let mut audit = Audit::default();
    let looks = (1..100).find(|_| audit.look(&board, &[&row], 3));
    assert_eq!(looks, Some(5), "one look is no proof");
    assert_eq!((board.total(column(1)), board.cells(column(2)).total.load(Ordering::Relaxed)), (1, 0));
}

#[test]
fn an_audit_disturbs_nobody_who_is_alive() {
    let files = Files::new();
    let ((alive, row), board) = (files.worker(), files.board());
    let mut audit = Audit::default();
    assert!(audit.look(&board, &[&row], 2));
    for _ in 0..10 {
        assert!(alive.enter(column(1), None));
        assert!(audit.look(&board, &[&row], 2));
    }
    // Caught between the two, and further at the next look.
    board.cells(column(1)).total.fetch_add(1, Ordering::Relaxed);
    assert!(!audit.look(&board, &[&row], 2));
    board.cells(column(1)).total.fetch_sub(1, Ordering::Relaxed);
    assert!(audit.look(&board, &[&row], 2));
    assert_eq!(board.total(column(1)), 10);
}

#[test]
fn a_total_that_is_too_low_is_not_a_full_backend() {
    let files = Files::new();
    let (worker, _) = files.worker();
    worker.leave(column(1));
    assert_eq!(worker.board().total(column(1)), 0);
    assert!(worker.enter(column(1), limit(1)));
}

#[test]
fn whoever_waits_much_longer_goes_first() {
    let board = Files::new().board();
    let check = |since, now, elder| assert_eq!(board.has_elder(column(1), since, now), elder, "since {since} at {now}");
    check(1000, 1000, false);
    board.claim(column(1), 500, 1000);
    check(500, 1000, false);
    check(600, 1000, false);
    check(601, 1000, true);
    check(1000, 1050, true);
    check(1000, 1051, false);
    assert!(!board.has_elder(column(2), 1000, 1000), "another backend is another queue");
}

#[test]
fn the_oldest_claim_stands_until_it_is_withdrawn_or_void() {
    let board = Files::new().board();
    board.claim(column(1), 500, 1000);
    assert_eq!((board.waited(column(1), 1010), board.waited(column(2), 1010)), (Some(510), None));
    board.claim(column(1), 700, 1010);
    assert!(board.has_elder(column(1), 650, 1010), "the older one stands");
    board.claim(column(1), 300, 1020);
    assert!(board.has_elder(column(1), 450, 1020), "an older one takes its place");
    board.withdraw(column(1), 500);
    assert!(board.has_elder(column(1), 450, 1020), "only its owner withdraws it");
    board.withdraw(column(1), 300);
    assert!(!board.has_elder(column(1), 2000, 1020) && !board.is_waited_for(column(1)));
    board.claim(column(1), 300, 1020);
    board.claim(column(1), 900, 1071);
    assert!(!board.has_elder(column(1), 950, 1071), "its owner has gone");
}

#[test]
fn there_are_so_many_columns_and_no_more() {
    assert_eq!(usize::try_from(Column::COUNT).unwrap(), COLUMNS);
    assert!(Column::at(Column::COUNT - 1).is_some() && Column::at(Column::COUNT).is_none());
}

#[test]
fn many_hands_at_once_lose_nothing_and_never_exceed_the_limit() {
    let files = Files::new();
    let most = std::sync::atomic::AtomicU32::new(0);
    let rows: Vec<Row> = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..4).map(|_| files.worker()).collect();
        let threads: Vec<_> = hands
            .into_iter()
            .map(|(worker, row)| {
                let most = &most;
                scope.spawn(move || {
                    for _ in 0..20_000 {
                        if worker.enter(column(9), limit(3)) {
                            most.fetch_max(worker.board().total(column(9)), Ordering::Relaxed);
                            worker.leave(column(9));
                        }
                    }
                    row
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!((1..=3).contains(&most.into_inner()));
    assert_eq!(files.board().total(column(9)), 0);
    assert!(rows.iter().all(|row| row.share(column(9)) == 0));
}

#[test]
fn a_column_is_one_cache_line() {
    assert_eq!((size_of::<Cells>(), align_of::<Cells>()), (64, 64));
}
