import Foundation

/// Small models, trained on 300 rows of three features by XGBoost 3.2.0 and LightGBM 4.7.0.
enum TreeFiles {
  /// Two trees with a missing value and a split of categories.
  static let json = Array(
    """
    {"learner":{"attributes":{},"feature_names":["age","pay","town"],"feature_types":["q","q","c"],"gradient_boost\
    er":{"model":{"cats":{"enc":[],"feature_segments":[],"sorted_idx":[]},"gbtree_model_param":{"num_parallel_tree\
    ":"1","num_trees":"2"},"iteration_indptr":[0,1,2],"tree_info":[0,0],"trees":[{"base_weights":[9.776854E-8,-6.5\
    24135E-1,1.7920775E0,5.6032264E-1,-1.6221961E0],"categories":[0,2],"categories_nodes":[1],"categories_segments\
    ":[0],"categories_sizes":[2],"default_left":[1,1,0,0,0],"id":0,"left_children":[1,3,-1,-1,-1],"loss_changes":[\
    9.9505516E1,8.571679E1,0E0,0E0,0E0],"parents":[2147483647,0,0,1,1],"right_children":[2,4,-1,-1,-1],"split_cond\
    itions":[3.9408728E-1,1E-45,1.7920775E0,5.6032264E-1,-1.6221961E0],"split_indices":[0,2,0,0,0],"split_type":[0\
    ,1,0,0,0],"sum_hessian":[7.4596664E1,5.6693466E1,1.79032E1,2.7103456E1,2.9590012E1],"tree_param":{"num_deleted\
    ":"0","num_feature":"3","num_nodes":"5","size_leaf_vector":"1"}},{"base_weights":[-8.304492E-2,-1.9551357E0,6.\
    8553483E-1,-8.611915E-1,-2.051885E0,1.3366392E0,-3.9113978E-1],"categories":[1,3,0,2],"categories_nodes":[1,2]\
    ,"categories_segments":[0,2],"categories_sizes":[2,2],"default_left":[0,1,1,0,0,0,0],"id":1,"left_children":[1\
    ,3,5,-1,-1,-1,-1],"loss_changes":[7.571334E1,2.7795296E0,3.4130684E1,0E0,0E0,0E0,0E0],"parents":[2147483647,0,\
    0,1,1,2,2],"right_children":[2,4,6,-1,-1,-1,-1],"split_conditions":[-4.9351522E-1,1E-45,1E-45,-8.611915E-1,-2.\
    051885E0,1.3366392E0,-3.9113978E-1],"split_indices":[0,2,2,0,0,0,0],"split_type":[0,1,1,0,0,0,0],"sum_hessian"\
    :[5.068918E1,1.4303988E1,3.638519E1,4.4797244E0,9.824265E0,2.1039822E1,1.5345369E1],"tree_param":{"num_deleted\
    ":"0","num_feature":"3","num_nodes":"7","size_leaf_vector":"1"}}]},"name":"gbtree"},"learner_model_param":{"ba\
    se_score":"[4.6333334E-1]","boost_from_average":"1","num_class":"0","num_feature":"3","num_target":"1"},"objec\
    tive":{"name":"binary:logistic","reg_loss_param":{"scale_pos_weight":"1"}}},"version":[3,2,0]}
    """.utf8)

  /// The same model in the binary notation.
  static let ubjson = [UInt8](
    Data(
      base64Encoded: """
        e0wAAAAAAAAAB2xlYXJuZXJ7TAAAAAAAAAAKYXR0cmlidXRlc3t9TAAAAAAAAAANZmVhdHVyZV9uYW1lc1sjTAAAAAAAAAADU0wA
        AAAAAAAAA2FnZVNMAAAAAAAAAANwYXlTTAAAAAAAAAAEdG93bkwAAAAAAAAADWZlYXR1cmVfdHlwZXNbI0wAAAAAAAAAA1NMAAAA
        AAAAAAFxU0wAAAAAAAAAAXFTTAAAAAAAAAABY0wAAAAAAAAAEGdyYWRpZW50X2Jvb3N0ZXJ7TAAAAAAAAAAFbW9kZWx7TAAAAAAA
        AAAEY2F0c3tMAAAAAAAAAANlbmNbI0wAAAAAAAAAAEwAAAAAAAAAEGZlYXR1cmVfc2VnbWVudHNbJGwjTAAAAAAAAAAATAAAAAAA
        AAAKc29ydGVkX2lkeFskbCNMAAAAAAAAAAB9TAAAAAAAAAASZ2J0cmVlX21vZGVsX3BhcmFte0wAAAAAAAAAEW51bV9wYXJhbGxl
        bF90cmVlU0wAAAAAAAAAATFMAAAAAAAAAAludW1fdHJlZXNTTAAAAAAAAAABMn1MAAAAAAAAABBpdGVyYXRpb25faW5kcHRyWyNM
        AAAAAAAAAANpAGkBaQJMAAAAAAAAAAl0cmVlX2luZm9bI0wAAAAAAAAAAmkAaQBMAAAAAAAAAAV0cmVlc1sjTAAAAAAAAAACe0wA
        AAAAAAAADGJhc2Vfd2VpZ2h0c1skZCNMAAAAAAAAAAUz0fTTvycEkj/lYsw/D3FOv8+kH0wAAAAAAAAACmNhdGVnb3JpZXNbJGwj
        TAAAAAAAAAACAAAAAAAAAAJMAAAAAAAAABBjYXRlZ29yaWVzX25vZGVzWyRsI0wAAAAAAAAAAQAAAAFMAAAAAAAAABNjYXRlZ29y
        aWVzX3NlZ21lbnRzWyRMI0wAAAAAAAAAAQAAAAAAAAAATAAAAAAAAAAQY2F0ZWdvcmllc19zaXplc1skTCNMAAAAAAAAAAEAAAAA
        AAAAAkwAAAAAAAAADGRlZmF1bHRfbGVmdFskVSNMAAAAAAAAAAUBAQAAAEwAAAAAAAAAAmlkaQBMAAAAAAAAAA1sZWZ0X2NoaWxk
        cmVuWyRsI0wAAAAAAAAABQAAAAEAAAAD////////////////TAAAAAAAAAAMbG9zc19jaGFuZ2VzWyRkI0wAAAAAAAAABULHAtNC
        q27/AAAAAAAAAAAAAAAATAAAAAAAAAAHcGFyZW50c1skbCNMAAAAAAAAAAV/////AAAAAAAAAAAAAAABAAAAAUwAAAAAAAAADnJp
        Z2h0X2NoaWxkcmVuWyRsI0wAAAAAAAAABQAAAAIAAAAE////////////////TAAAAAAAAAAQc3BsaXRfY29uZGl0aW9uc1skZCNM
        AAAAAAAAAAU+ycXPAAAAAT/lYsw/D3FOv8+kH0wAAAAAAAAADXNwbGl0X2luZGljZXNbJGwjTAAAAAAAAAAFAAAAAAAAAAIAAAAA
        AAAAAAAAAABMAAAAAAAAAApzcGxpdF90eXBlWyRVI0wAAAAAAAAABQABAAAATAAAAAAAAAALc3VtX2hlc3NpYW5bJGQjTAAAAAAA
        AAAFQpUxfkJixhxBjznBQdjT4UHsuFhMAAAAAAAAAAp0cmVlX3BhcmFte0wAAAAAAAAAC251bV9kZWxldGVkU0wAAAAAAAAAATBM
        AAAAAAAAAAtudW1fZmVhdHVyZVNMAAAAAAAAAAEzTAAAAAAAAAAJbnVtX25vZGVzU0wAAAAAAAAAATVMAAAAAAAAABBzaXplX2xl
        YWZfdmVjdG9yU0wAAAAAAAAAATF9fXtMAAAAAAAAAAxiYXNlX3dlaWdodHNbJGQjTAAAAAAAAAAHvaoTdL/6QeM/L382v1x3DMAD
        UhU/qxb+vshDeUwAAAAAAAAACmNhdGVnb3JpZXNbJGwjTAAAAAAAAAAEAAAAAQAAAAMAAAAAAAAAAkwAAAAAAAAAEGNhdGVnb3Jp
        ZXNfbm9kZXNbJGwjTAAAAAAAAAACAAAAAQAAAAJMAAAAAAAAABNjYXRlZ29yaWVzX3NlZ21lbnRzWyRMI0wAAAAAAAAAAgAAAAAA
        AAAAAAAAAAAAAAJMAAAAAAAAABBjYXRlZ29yaWVzX3NpemVzWyRMI0wAAAAAAAAAAgAAAAAAAAACAAAAAAAAAAJMAAAAAAAAAAxk
        ZWZhdWx0X2xlZnRbJFUjTAAAAAAAAAAHAAEBAAAAAEwAAAAAAAAAAmlkaQFMAAAAAAAAAA1sZWZ0X2NoaWxkcmVuWyRsI0wAAAAA
        AAAABwAAAAEAAAADAAAABf////////////////////9MAAAAAAAAAAxsb3NzX2NoYW5nZXNbJGQjTAAAAAAAAAAHQpdtO0Ax49BC
        CIXSAAAAAAAAAAAAAAAAAAAAAEwAAAAAAAAAB3BhcmVudHNbJGwjTAAAAAAAAAAHf////wAAAAAAAAAAAAAAAQAAAAEAAAACAAAA
        AkwAAAAAAAAADnJpZ2h0X2NoaWxkcmVuWyRsI0wAAAAAAAAABwAAAAIAAAAEAAAABv////////////////////9MAAAAAAAAABBz
        cGxpdF9jb25kaXRpb25zWyRkI0wAAAAAAAAAB778rgcAAAABAAAAAb9cdwzAA1IVP6sW/r7IQ3lMAAAAAAAAAA1zcGxpdF9pbmRp
        Y2VzWyRsI0wAAAAAAAAABwAAAAAAAAACAAAAAgAAAAAAAAAAAAAAAAAAAABMAAAAAAAAAApzcGxpdF90eXBlWyRVI0wAAAAAAAAA
        BwABAQAAAABMAAAAAAAAAAtzdW1faGVzc2lhblskZCNMAAAAAAAAAAdCSsG4QWTdI0IRim9Aj1nnQR0wMEGoUY5BdYaiTAAAAAAA
        AAAKdHJlZV9wYXJhbXtMAAAAAAAAAAtudW1fZGVsZXRlZFNMAAAAAAAAAAEwTAAAAAAAAAALbnVtX2ZlYXR1cmVTTAAAAAAAAAAB
        M0wAAAAAAAAACW51bV9ub2Rlc1NMAAAAAAAAAAE3TAAAAAAAAAAQc2l6ZV9sZWFmX3ZlY3RvclNMAAAAAAAAAAExfX19TAAAAAAA
        AAAEbmFtZVNMAAAAAAAAAAZnYnRyZWV9TAAAAAAAAAATbGVhcm5lcl9tb2RlbF9wYXJhbXtMAAAAAAAAAApiYXNlX3Njb3JlU0wA
        AAAAAAAADls0LjYzMzMzMzRFLTFdTAAAAAAAAAASYm9vc3RfZnJvbV9hdmVyYWdlU0wAAAAAAAAAATFMAAAAAAAAAAludW1fY2xh
        c3NTTAAAAAAAAAABMEwAAAAAAAAAC251bV9mZWF0dXJlU0wAAAAAAAAAATNMAAAAAAAAAApudW1fdGFyZ2V0U0wAAAAAAAAAATF9
        TAAAAAAAAAAJb2JqZWN0aXZle0wAAAAAAAAABG5hbWVTTAAAAAAAAAAPYmluYXJ5OmxvZ2lzdGljTAAAAAAAAAAOcmVnX2xvc3Nf
        cGFyYW17TAAAAAAAAAAQc2NhbGVfcG9zX3dlaWdodFNMAAAAAAAAAAExfX19TAAAAAAAAAAHdmVyc2lvblsjTAAAAAAAAAADaQNp
        AmkAfQ==
        """, options: .ignoreUnknownCharacters) ?? Data())

  /// Two trees, one of them with a split of categories.
  static let text = Array(
    """
    tree
    version=v4
    num_class=1
    num_tree_per_iteration=1
    label_index=0
    max_feature_idx=2
    objective=binary sigmoid:1
    feature_names=age pay town
    feature_infos=[-3.7722752094268799:3.0660367012023926] [-3.8994216918945312:2.5524239540100098] -1:2:0:3:1
    tree_sizes=577 579

    Tree=0
    num_leaves=4
    num_cat=1
    split_feature=0 2 0
    split_gain=104.125 60.0492 102.865
    threshold=0.37779988348484045 0 -0.51097813248634327
    decision_type=10 1 8
    left_child=1 2 -1
    right_child=-2 -3 -4
    leaf_value=-0.33326583610158289 0.063311320624246853 -0.28619956916833794 0.06889691438094861
    leaf_weight=10.194877862930296 17.903200149536133 29.590011358261108 16.908577919006351
    leaf_count=41 72 119 68
    internal_value=-0.14693 -0.213323 -0.099774
    internal_weight=74.5967 56.6935 27.1035
    internal_count=300 228 109
    cat_boundaries=0 1
    cat_threshold=10
    is_linear=0
    shrinkage=1


    Tree=1
    num_leaves=4
    num_cat=1
    split_feature=0 2 0
    split_gain=85.9811 50.9847 83.6902
    threshold=0.37779988348484045 0 -0.51097813248634327
    decision_type=10 1 8
    left_child=1 2 -1
    right_child=-2 -3 -4
    leaf_value=-0.1716579676541343 0.18830399171036172 -0.13038184583093135 0.1933422894183211
    leaf_weight=9.9705794453620893 17.981974482536316 29.149014115333557 16.979841828346256
    leaf_count=41 72 119 68
    internal_value=-0.00198229 -0.0629762 0.042527
    internal_weight=74.0814 56.0994 26.9504
    internal_count=300 228 109
    cat_boundaries=0 1
    cat_threshold=10
    is_linear=0
    shrinkage=0.1


    end of trees

    feature_importances:
    age=4
    town=2

    parameters:
    end of parameters

    pandas_categorical:null

    """.utf8)
}
