/// What would change if a commit became what is served: the answer to `headgate plan`.
package struct Plan: Hashable, Sendable, Codable {
  /// What the plan was made from; it holds only while this holds.
  package let basis: PlanBasis
  /// Sorted by object; unchanged ones are left out.
  package let entries: [PlanEntry]
  /// Objects that stay as they are.
  package let unchangedCount: Int
  /// Every diagnostic of the head.
  package let diagnostics: [Diagnostic]

  package init(basis: PlanBasis, entries: [PlanEntry], unchangedCount: Int, diagnostics: [Diagnostic] = []) {
    self.basis = basis
    self.entries = entries
    self.unchangedCount = unchangedCount
    self.diagnostics = diagnostics
  }

  /// Whether anything would change or is refused.
  package var hasChanges: Bool { !entries.isEmpty }

  /// How many entries have an action.
  package func count(of action: PlanAction) -> Int {
    action == .none ? unchangedCount : entries.count { $0.action == action }
  }

  /// Whether the world has moved since the plan was made, so that it must not be carried out.
  package func isStale(against present: PlanBasis) -> Bool { basis != present }
}

/// Commits, live models and data sets a plan is bound to.
package struct PlanBasis: Hashable, Sendable, Codable {
  /// The commit compared with; `nil` when nothing was ever applied.
  package let base: CommitID?
  package let head: CommitID
  /// The model digest that serves, by name.
  package let live: [String: Digest]
  /// The digest of each data set at the head, by name.
  package let datasets: [String: Digest]

  package init(base: CommitID?, head: CommitID, live: [String: Digest], datasets: [String: Digest]) {
    self.base = base
    self.head = head
    self.live = live
    self.datasets = datasets
  }
}

/// What would happen to one object.
package enum PlanAction: String, Hashable, Sendable, Codable, CaseIterable {
  /// Nothing of it serves yet.
  case create
  /// The same model goes on; gates, rollout or serving change.
  case update
  /// Another model takes over, step by step.
  case replace
  case delete
  /// It would be refused, and why is said.
  case blocked
  case none
}

/// One object of a plan.
package struct PlanEntry: Hashable, Sendable, Codable {
  package let action: PlanAction
  /// The object; `nil` for a file that cannot be read and holds no known object.
  package let object: ObjectID?
  /// The file it stands in at the head, or stood in.
  package let path: RepositoryPath?
  package let changes: [FieldChange]
  /// Why, when the fields do not say it.
  package let reason: String?

  package init(
    action: PlanAction, object: ObjectID?, path: RepositoryPath?, changes: [FieldChange] = [], reason: String? = nil
  ) {
    self.action = action
    self.object = object
    self.path = path
    self.changes = changes
    self.reason = reason
  }
}

/// One field that differs; `nil` where there is none on that side.
package struct FieldChange: Hashable, Sendable, Codable {
  /// Such as `rollout.advance.maxP99` or `files.train.py`.
  package let field: String
  package let old: String?
  package let new: String?

  package init(_ field: String, from old: String?, to new: String?) {
    self.field = field
    self.old = old
    self.new = new
  }
}
